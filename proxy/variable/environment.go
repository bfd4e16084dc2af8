//go:build linux

package native

import (
	"bytes"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// Variables reads the members of a JSON object as variables: strings as they are, other values as compact JSON (rule
// 18). Names that no variable can have are passed over.
func Variables(object []byte) (variables [][2]string, err error) {
	members := jsonscan.Object(object)
	for members.Next() {
		if !isName(members.Key) {
			continue
		}
		text, ok := jsonscan.Text(members.Value)
		if !ok {
			text = string(jsonscan.AppendCompact(nil, members.Value))
		}
		variables = append(variables, [2]string{string(members.Key), text})
	}
	return variables, members.Err()
}

// isName reports whether a variable can have the name.
func isName(name []byte) bool {
	return len(name) > 0 && bytes.IndexByte(name, '=') < 0 && bytes.IndexByte(name, 0) < 0
}

// WithVariables returns a list of "KEY=value" with further variables: each stands in the place of the one of its name,
// or at the end. It takes one pass, however many they are. A value ends at its first zero byte, for the kernel takes no
// other.
func WithVariables(env []string, variables [][2]string) []string {
	all := make([]string, 0, len(env)+len(variables))
	place := make(map[string]int, len(env)+len(variables))
	set := func(key, entry string) {
		if at, there := place[key]; there {
			all[at] = entry
			return
		}
		place[key] = len(all)
		all = append(all, entry)
	}
	for _, entry := range env {
		key, _, _ := strings.Cut(entry, "=")
		set(key, entry)
	}
	for _, v := range variables {
		value, _, _ := strings.Cut(v[1], "\x00")
		set(v[0], v[0]+"="+value)
	}
	return all
}

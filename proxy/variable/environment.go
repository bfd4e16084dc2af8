package variable

import (
	"bytes"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// Value returns the value of a member of a JSON object as the value of a variable: a string as it is, another value as
// compact JSON (rule 18). It ends at its first zero byte, for the kernel takes no other.
func Value(raw []byte) string {
	text, ok := jsonscan.Text(raw)
	if !ok {
		text = string(jsonscan.AppendCompact(nil, raw))
	}
	text, _, _ = strings.Cut(text, "\x00")
	return text
}

// IsName reports whether a variable can have the name.
func IsName(name []byte) bool {
	return len(name) > 0 && bytes.IndexByte(name, '=') < 0 && bytes.IndexByte(name, 0) < 0
}

// AppendName appends the name of the variable for a member of a request: __OW_, and the member's name
// in upper case (rule 25). The platform's names are ASCII: bytes.ToUpper would add 14 KB, the letters of all languages.
func AppendName(name, member []byte) []byte {
	name = append(name, "__OW_"...)
	for _, c := range member {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		name = append(name, c)
	}
	return name
}

// Members returns the members of a JSON object as variables. Members whose names no variable can have are passed over.
func Members(object []byte) (variables [][2]string, err error) {
	members := jsonscan.Object(object)
	for members.Next() {
		if IsName(members.Key) {
			variables = append(variables, [2]string{string(members.Key), Value(members.Value)})
		}
	}
	return variables, members.Err()
}

// OfRequest returns the members of a request as variables (AppendName), but for the argument.
func OfRequest(body []byte) (variables [][2]string) {
	members := jsonscan.Object(body)
	for members.Next() {
		if name := AppendName(nil, members.Key); string(members.Key) != "value" && IsName(name) {
			variables = append(variables, [2]string{string(name), Value(members.Value)})
		}
	}
	return variables
}

// With returns a list of "KEY=value" with further variables: each stands in the place of the one of its name, or at the
// end. It takes one pass, however many they are.
func With(env []string, variables [][2]string) []string {
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
		set(v[0], v[0]+"="+v[1])
	}
	return all
}

package action

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// CheckCase refuses names that differ by case alone: file systems of Windows and macOS keep one file for both, and the
// image would be another one there.
func CheckCase(names []string) error {
	first := map[string]string{} // by the name without case
	for _, name := range slices.Sorted(slices.Values(names)) {
		folded := strings.ToLower(strings.ToUpper(name))
		if other, there := first[folded]; there && other != name {
			return fmt.Errorf("%s and %s differ by case alone, and are one file on Windows and macOS: rename one", code.Quoted(other), code.Quoted(name))
		}
		first[folded] = name
	}
	return nil
}

func (u *upload) checkCase() error {
	var names []string
	for name := range u.own {
		if below, ok := strings.CutPrefix(name, uploadDir+"/"); ok {
			names = append(names, below)
		}
	}
	return CheckCase(names)
}

// linkTarget returns the target of a symlink as it is in an image. separator is the one of this machine's paths: that of
// Windows stands for "/", and a drive or a share begins an absolute path, as "/" does.
func linkTarget(target string, separator rune) string {
	if separator == '/' {
		return target
	}
	target = strings.ReplaceAll(target, string(separator), "/")
	if len(target) > 1 && target[1] == ':' {
		target = "/" + target
	}
	return target
}

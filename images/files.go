package images

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// machine stands for the machine of a platform in the source of a file.
const machine = "{arch}"

// Source returns the path of a file's source for a platform, beside the definition.
func Source(name string, platform Platform) string {
	return path.Clean(strings.ReplaceAll(name, machine, platform.Architecture()))
}

// Sources returns the files and folders beside the definition that its steps and its files are made from, on any
// platform.
func (d Definition) Sources() []string {
	var all []string
	for _, step := range d.Run {
		all = append(all, step.Files...)
	}
	for _, name := range slices.Sorted(maps.Values(d.Files)) {
		for _, platform := range d.Platforms {
			if source := Source(name, platform); !slices.Contains(all, source) {
				all = append(all, source)
			}
		}
	}
	return all
}

// checkPlaced refuses a file where it cannot be, or where something else of the image is.
func checkPlaced(place, source string) string {
	clean := path.Clean(place)
	if !strings.HasPrefix(place, "/") || clean != place || clean == "/" || !fs.ValidPath(clean[1:]) || strings.ContainsRune(place, 0) {
		return fmt.Sprintf("%q is not the path of a file in the image; want one such as /etc/motd", place)
	}
	if place == "/bin/proxy" {
		return "/bin/proxy is the proxy's; take another path"
	}
	for _, dir := range []string{"/action", "/proc", "/sys", "/dev"} {
		if strings.HasPrefix(place+"/", dir+"/") {
			return fmt.Sprintf("%s cannot be a file: the folder %s is filled when a container runs; take another path", place, dir)
		}
	}
	problem, _ := checkFile(source)
	if problem == "" && strings.HasSuffix(source, "/") {
		problem = fmt.Sprintf("%q is a folder; name each of its files", source)
	}
	return problem
}

// checkEntrypoint refuses keys that mean nothing in an image without the proxy, and an entrypoint that is none.
func (r *reader) checkEntrypoint() {
	entry := r.keys["entrypoint"]
	if entry == nil {
		return
	}
	words := r.definition.Entrypoint
	if _, list := entry.Value.(*ast.SequenceNode); list && (len(words) == 0 || !path.IsAbs(words[0])) {
		r.failAt(entry.Value, "an entrypoint begins with the absolute path of a program, such as [/usr/bin/tool, serve]")
	}
	for _, key := range []string{"stemcells", "action", "main"} {
		if other := r.keys[key]; other != nil {
			r.failAt(other, "%s needs the proxy, which an image with an entrypoint of its own does not have; leave one out", key)
		}
	}
}

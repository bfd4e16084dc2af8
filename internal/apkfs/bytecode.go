package apkfs

import (
	"path"
	"regexp"
	"slices"
)

// cached is the path of the bytecode that belongs to a source of Python, as PEP 3147 has it, without optimization.
var cached = regexp.MustCompile(`^(?:(.+)/)?__pycache__/([^/]+)\.cpython-[0-9]+\.pyc$`)

// placeBytecode puts Python's bytecode into the place of its source if the layers ask for it: a/b.py becomes a/b.pyc.
// From there Python loads it whatever the times of files, where bytecode in __pycache__ counts only if its source has
// the time that it names. The source goes where the layers put what they leave out.
func (t *tree) placeBytecode() {
	for name, e := range t.files {
		parts := cached.FindStringSubmatch(name)
		if parts == nil {
			continue
		}
		layer := t.world.Layers[e.layer]
		source := path.Join(parts[1], parts[2]+".py")
		of := t.files[source]
		if of == nil || of.layer != e.layer || !anyBelow(layer.Bytecode, source) || anyBelow(layer.Source, source) || anyBelow(layer.Trim, source) {
			continue
		}
		delete(t.files, name)
		e.path = source + "c"
		t.files[e.path] = e
		t.leaveOut(source, of)
	}
}

func anyBelow(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return below(pattern, name) })
}

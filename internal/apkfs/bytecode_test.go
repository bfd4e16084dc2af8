package apkfs

import (
	"archive/tar"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPlaceBytecode holds which sources become bytecode: those that the layer names, that stay in the image, and whose
// bytecode is there. The source goes into the layer of steps, where there is one.
func TestPlaceBytecode(t *testing.T) {
	files := map[string]int{
		"lib/py/a.py": 0, "lib/py/__pycache__/a.cpython-312.pyc": 0, "lib/py/__pycache__/a.cpython-312.opt-1.pyc": 0,
		"lib/py/p/__init__.py": 0, "lib/py/p/__pycache__/__init__.cpython-312.pyc": 0,
		"lib/py/kept.py": 0, "lib/py/__pycache__/kept.cpython-312.pyc": 0,
		"lib/py/trimmed.py": 0, "lib/py/__pycache__/trimmed.cpython-312.pyc": 0,
		"lib/py/__pycache__/alone.cpython-312.pyc": 0, "lib/py/without.py": 0,
		"lib/other/b.py": 0, "lib/other/__pycache__/b.cpython-312.pyc": 0,
		"lib/py/above.py": 1, "lib/py/__pycache__/above.cpython-312.pyc": 1,
	}
	image := []string{"lib/other/b.py", "lib/py/a.pyc", "lib/py/kept.py", "lib/py/p/__init__.pyc", "lib/py/without.py"}
	above := []string{"lib/py/__pycache__/above.cpython-312.pyc", "lib/py/above.py"}
	for _, steps := range []bool{false, true} {
		w := World{Layers: []Layer{
			{Bytecode: []string{"lib/py"}, Source: []string{"lib/py/kept.py"}, Trim: []string{"lib/**/__pycache__", "lib/py/trimmed.py"}}, {},
		}}
		if steps {
			w.Layers = append(w.Layers, Layer{Trimmed: true})
		}
		tree := newTree(w)
		for name, place := range files {
			tree.files[name] = &entry{content: content{path: name, header: &tar.Header{Typeflag: tar.TypeReg}, bytes: []byte(name)}, layer: place}
		}
		tree.placeBytecode()
		tree.trim()
		got := make([][]string, 3)
		for _, name := range slices.Sorted(maps.Keys(tree.files)) {
			e := tree.files[name]
			got[e.layer] = append(got[e.layer], e.path)
		}
		if diff := cmp.Diff([][]string{image, above}, got[:2]); diff != "" {
			t.Error(diff)
		}
		if sources := slices.Contains(got[2], "lib/py/a.py"); sources != steps {
			t.Errorf("in the layer of steps: %v", got[2])
		}
		if bytes := string(tree.files["lib/py/a.pyc"].bytes); bytes != "lib/py/__pycache__/a.cpython-312.pyc" {
			t.Errorf("the bytecode has the bytes of %s", bytes)
		}
	}
}

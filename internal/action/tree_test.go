package action

import (
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

func TestTree(t *testing.T) {
	tree := NewTree(
		layer.Symlink("bin", "usr/bin"), layer.Directory("usr", 0o755), layer.Directory("usr/bin", 0o755),
		layer.Regular("usr/bin/busybox", 0o755, nil), layer.Symlink("usr/bin/sh", "/bin/busybox"),
		layer.File{Path: "usr/bin/hard", Link: "usr/bin/busybox"},
		layer.Symlink("loop", "loop"), layer.Symlink("nowhere", "none"), layer.Symlink("up", "../usr"),
	).with([]file{{name: "lib/x.so"}})
	for name, want := range map[string]bool{
		"/usr/bin/busybox":   true,
		"/bin/busybox":       true,
		"/bin/sh":            true,
		"/bin/../bin/sh":     true,
		"/bin/hard":          true,
		"/up/bin/sh":         true,
		"/action/lib/x.so":   true,
		"lib/x.so":           true, // seen from the action's folder
		"/bin/none":          false,
		"/nowhere":           false,
		"/loop":              false,
		"/loop/more":         false,
		"/usr/bin/busybox/x": false,
	} {
		if got := tree.Has(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !tree.onPath("sh") || tree.onPath("bash") {
		t.Error("the PATH is not followed")
	}
	if Tree(nil).Has("/bin/sh") {
		t.Error("an empty tree has something")
	}
}

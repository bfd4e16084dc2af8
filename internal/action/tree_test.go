package action

import (
	"archive/tar"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// named returns a layer with entries of these paths, each with the target where it is a symbolic link.
func named(names map[string]string) layer.Layer {
	var l layer.Layer
	for name, target := range names {
		entry := content.Entry{Path: name, Type: tar.TypeReg, Link: target}
		if target != "" {
			entry.Type = tar.TypeSymlink
		}
		l.Entries = append(l.Entries, entry)
	}
	return l
}

func TestTree(t *testing.T) {
	tree := NewTree(
		named(map[string]string{"usr": "", "usr/bin": "/nowhere", "usr/bin/busybox": "", "usr/bin/sh": "/bin/busybox", "usr/bin/hard": ""}),
		named(map[string]string{"bin": "usr/bin", "usr/bin": "", "loop": "loop", "nowhere": "none", "up": "../usr"}),
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
	if open := tree.Open(); !open.Has("/bin/none") || !open.with(nil).onPath("bash") || tree.Has("/bin/none") {
		t.Error("an open tree lacks something, or opening it has changed the other")
	}
	if Tree(nil).Has("/bin/sh") {
		t.Error("an empty tree has something")
	}
}

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
		entry := content.Entry{Path: name, Type: tar.TypeReg, Mode: 0o755, Link: target}
		if target != "" {
			entry.Type = tar.TypeSymlink
		}
		l.Entries = append(l.Entries, entry)
	}
	return l
}

func TestTree(t *testing.T) {
	tree := NewTree(nil,
		named(map[string]string{"usr/bin/busybox": "", "usr/bin/sh": "/bin/busybox", "old/x": "", "folder/x": ""}),
		named(map[string]string{"bin": "usr/bin", "loop": "loop", "nowhere": "none", "up": "../usr", "folder": "old", "far": "/up/bin/../bin/sh"}),
	)
	u := tree.upload()
	for name, want := range map[string]string{
		"/":                    "/",
		"/usr/bin/busybox":     "/usr/bin/busybox",
		"/bin/busybox":         "/usr/bin/busybox",
		"/bin/sh":              "/usr/bin/busybox",
		"/bin/../bin/sh":       "/usr/bin/busybox",
		"/up/bin/sh":           "/usr/bin/busybox",
		"/far":                 "/usr/bin/busybox",
		"/../../usr/bin":       "/usr/bin",
		"/folder/x":            "/old/x", // what the folder had before is hidden
		"/bin/none":            "",
		"/nowhere":             "",
		"/loop":                "",
		"/loop/more":           "",
		"/usr/bin/busybox/x":   "",
		"/usr/bin/busybox/..":  "",
		"/usr/bin/none/../../": "",
	} {
		place, found := u.find(name, true)
		if found.mode == 0 {
			place = ""
		}
		if place != want {
			t.Errorf("%s: %q, want %q", name, place, want)
		}
	}
	if open := tree.Open().upload(); open.Stat("/bin/none")&0o111 == 0 || open.Lstat(uploadDir+"/none") != 0 || u.Stat("/bin/none") != 0 {
		t.Error("an open tree lacks something, or opening it has changed the other")
	}
	if (Tree{}).upload().Stat("/bin/sh") != 0 {
		t.Error("an empty tree has something")
	}
}

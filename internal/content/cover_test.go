package content

import (
	"archive/tar"
	"testing"
)

func TestCover(t *testing.T) {
	for _, test := range []struct {
		name          string
		header        tar.Header
		file          bool
		hides, leaves []string
	}{
		{"a file", tar.Header{Name: "etc/a", Typeflag: tar.TypeReg}, true, []string{"etc/a", "etc/a/b"}, []string{"etc", "etc/ab"}},
		{"a link", tar.Header{Name: "./etc/a", Typeflag: tar.TypeSymlink}, true, []string{"etc/a", "etc/a/b"}, []string{"etc/b"}},
		{"a directory", tar.Header{Name: "/etc/a/", Typeflag: tar.TypeDir}, true, []string{"etc/a"}, []string{"etc/a/b", "etc"}},
		{"something is gone", tar.Header{Name: "etc/.wh.a", Typeflag: tar.TypeReg}, false, []string{"etc/a", "etc/a/b"}, []string{"etc/.wh.a", "etc/b", "a"}},
		{"something at the top is gone", tar.Header{Name: ".wh.srv", Typeflag: tar.TypeReg}, false, []string{"srv", "srv/a"}, []string{"srv2", "etc/srv"}},
		{"all in a directory is gone", tar.Header{Name: "etc/.wh..wh..opq", Typeflag: tar.TypeReg}, false, []string{"etc/a", "etc/a/b"}, []string{"etc", "srv/a"}},
		{"all is gone", tar.Header{Name: ".wh..wh..opq", Typeflag: tar.TypeReg}, false, []string{"etc", "etc/a"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			entry := Entry{Path: CleanName(test.header.Name), Type: test.header.Typeflag}
			if got := !IsWhiteout(entry.Path); got != test.file {
				t.Errorf("a file of the image: %v", got)
			}
			hidden := coverOf(Layer{Entries: []Entry{entry}})
			for _, name := range test.hides {
				if !hidden.hides(name) {
					t.Errorf("%s is seen", name)
				}
			}
			for _, name := range test.leaves {
				if hidden.hides(name) {
					t.Errorf("%s is hidden", name)
				}
			}
		})
	}
}

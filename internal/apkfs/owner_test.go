package apkfs

import (
	"archive/tar"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/apktest"
)

// TestOwners holds which of two packages owns a file that both bring, by the rules of apk-tools 2.14.
func TestOwners(t *testing.T) {
	const x = "usr/x"
	type packages = []apktest.Package
	file := func(p apktest.Package) apktest.Package {
		p.Files = []tar.Header{apktest.Dir("usr", 0o755), apktest.File(x, 0o644, p.Name)}
		if p.Version == "" {
			p.Version = "2-r0"
		}
		return p
	}
	mirror, err := apktest.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		packages packages
		want     string // whose file it is, or a part of the error
	}{
		"the second replaces the first": {packages{{Name: "a"}, {Name: "b", Replaces: []string{"a"}}}, "b"},
		"the first replaces the second": {packages{{Name: "a", Replaces: []string{"b"}}, {Name: "b"}}, "a"},
		"the higher priority, of the first": {
			packages{{Name: "a", Replaces: []string{"b"}, ReplacesPriority: 5}, {Name: "b", Replaces: []string{"a"}, ReplacesPriority: 1}}, "a"},
		"the higher priority, of the second": {
			packages{{Name: "a", Replaces: []string{"b"}, ReplacesPriority: 1}, {Name: "b", Replaces: []string{"a"}, ReplacesPriority: 5}}, "b"},
		"equal ones: the later": {packages{{Name: "a", Replaces: []string{"b"}}, {Name: "b", Replaces: []string{"a"}}}, "b"},
		"the later is the one that depends": {
			packages{{Name: "a", Replaces: []string{"b"}, Depends: []string{"b"}}, {Name: "b", Replaces: []string{"a"}}}, "a"},
		"a priority without a fitting replaces": {
			packages{{Name: "a", Replaces: []string{"b<2"}, ReplacesPriority: 5}, {Name: "b", Replaces: []string{"a"}}}, "b"},
		"replaces that version":                {packages{{Name: "a"}, {Name: "b", Replaces: []string{"a>=2"}}}, "b"},
		"replaces another version":             {packages{{Name: "a"}, {Name: "b", Replaces: []string{"a<1"}}}, "error: the packages a-2-r0 and b-2-r0 both have usr/x"},
		"replaces the start of a version":      {packages{{Name: "a", Version: "1.2.3-r0"}, {Name: "b", Replaces: []string{"a~1.2"}}}, "b"},
		"nobody replaces":                      {packages{{Name: "a"}, {Name: "b"}}, "error: the packages a-2-r0 and b-2-r0 both have usr/x"},
		"one source":                           {packages{{Name: "a", Origin: "s"}, {Name: "b", Origin: "s"}}, "b"},
		"one source comes before a priority":   {packages{{Name: "a", Origin: "s", Replaces: []string{"b"}, ReplacesPriority: 9}, {Name: "b", Origin: "s"}}, "b"},
		"what is provided is no name replaced": {packages{{Name: "a", Provides: []string{"v=1"}}, {Name: "b", Replaces: []string{"v"}}}, "error: both have usr/x"},
	} {
		t.Run(name, func(t *testing.T) {
			release := "v" + strings.ReplaceAll(name, " ", "-")
			var list packages
			for _, p := range test.packages {
				list = append(list, file(p))
			}
			if err := mirror.Add(release, "main", "x86_64", list...); err != nil {
				t.Fatal(err)
			}
			source := openMirror(t, mirror.Dir, mirror.KeyFile)
			// The layers are in the other order than the packages are installed: that does not count.
			w := World{Release: release, Platform: images.LinuxAMD64, Layers: []Layer{{Name: "low", Packages: []string{"b"}}, {Name: "high", Packages: []string{"a"}}}}
			pins, err := source.Resolve(t.Context(), w)
			if err != nil {
				t.Fatal(err)
			}
			tree, err := source.Install(t.Context(), w, pins)
			if want, refused := strings.CutPrefix(test.want, "error: "); refused || err != nil {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
				return
			}
			owner := map[string]string{"low": "b", "high": "a"}
			for i, l := range w.Layers {
				for _, file := range tree.Layers[i] {
					if file.Path == x && (owner[l.Name] != test.want || string(bytesOf(t, file)) != test.want) {
						t.Errorf("it is %s's, in layer %s", bytesOf(t, file), l.Name)
					}
				}
			}
			for _, p := range tree.Packages {
				if has := len(p.Files) > 0; has != (p.Name == test.want) {
					t.Errorf("%s has %v", p.Name, p.Files)
				}
			}
		})
	}
}

// TestSharedFolders holds that a folder of two packages belongs to the lower owner, has the permissions that both give
// it, and lies in the lower layer.
func TestSharedFolders(t *testing.T) {
	mirror, err := apktest.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	folder := func(uid int, mode int64) tar.Header {
		header := apktest.Dir("srv", mode)
		header.Uid, header.Gid = uid, uid
		return header
	}
	add(t, mirror, "main", "x86_64",
		apktest.Package{Name: "a", Version: "1-r0", Files: []tar.Header{folder(0, 0o775)}},
		apktest.Package{Name: "b", Version: "1-r0", Files: []tar.Header{folder(7, 0o777)}},
		apktest.Package{Name: "c", Version: "1-r0", Files: []tar.Header{folder(0, 0o750)}})
	w := World{Release: release, Platform: images.LinuxAMD64, Layers: []Layer{{Name: "low", Packages: []string{"c"}}, {Name: "high", Packages: []string{"a", "b"}}}}
	tree := install(t, openMirror(t, mirror.Dir, mirror.KeyFile), w)
	if got := strings.Join(lines(tree.Layers[0]), "\n"); !strings.Contains(got, "drwxr-x--- 0:0 srv") {
		t.Error(got)
	}
	if got := strings.Join(lines(tree.Layers[1]), "\n"); strings.Contains(got, " srv") {
		t.Error(got)
	}
}

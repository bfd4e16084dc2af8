package apkfs

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// genuine returns a folder with genuine packages, their release and the keys beside Alpine's.
func genuine(t *testing.T) (folder, release string, keys []string) {
	t.Helper()
	folder, release = os.Getenv("MKIMAGE_ALPINE_MIRROR"), os.Getenv("MKIMAGE_ALPINE_RELEASE")
	if folder == "" || release == "" || strings.Contains(folder, "://") {
		t.Skip("needs a folder of packages in $MKIMAGE_ALPINE_MIRROR, with $MKIMAGE_ALPINE_RELEASE and $MKIMAGE_ALPINE_KEYS")
	}
	return folder, release, filepath.SplitList(os.Getenv("MKIMAGE_ALPINE_KEYS"))
}

// TestGenuinePackages installs the packages of the shipped stemcells, from a folder and from a server.
func TestGenuinePackages(t *testing.T) {
	folder, release, keys := genuine(t)
	w := World{Release: release, Platform: images.LinuxAMD64, Layers: []Layer{
		{Name: "base", Packages: world().Layers[0].Packages},
		{Name: "stemcell-bash", Packages: []string{"bash", "jq"}},
		{Name: "stemcell-ruby", Packages: []string{"ruby"}},
	}}
	server := httptest.NewServer(http.FileServer(http.Dir(folder)))
	defer server.Close()
	tree := install(t, openMirror(t, folder, keys...), w)
	if diff := cmp.Diff(digests(t, tree), digests(t, install(t, openMirror(t, server.URL, keys...), w))); diff != "" {
		t.Errorf("folder and server: %s", diff)
	}
	for i, want := range [][]string{
		{"-rwxr-xr-x 0:0 bin/busybox", "Lrwxrwxrwx 0:0 bin/ls -> /bin/busybox", "-rw-r----- 0:42 etc/shadow", "dtrwxrwxrwx 0:0 tmp"},
		{"-rwxr-xr-x 0:0 bin/bash", "-rwxr-xr-x 0:0 usr/bin/jq"},
		{"-rwxr-xr-x 0:0 usr/bin/ruby"},
	} {
		got := lines(tree.Layers[i])
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("layer %s lacks %s", w.Layers[i].Name, line)
			}
		}
	}
	if got := text(t, tree.Layers[0], "etc/os-release"); !strings.Contains(got, "ID=alpine\nVERSION_ID="+strings.TrimPrefix(release, "v")) {
		t.Errorf("os-release: %s", got)
	}
}

// TestGenuineOnARM installs the base for the other machine.
func TestGenuineOnARM(t *testing.T) {
	folder, release, keys := genuine(t)
	w := world()
	w.Release, w.Platform, w.Layers = release, images.LinuxARM64, w.Layers[:1]
	tree := install(t, openMirror(t, folder, keys...), w)
	if got := text(t, tree.Layers[0], "etc/apk/arch"); got != "aarch64\n" {
		t.Errorf("arch: %s", got)
	}
}

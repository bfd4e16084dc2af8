package sbom

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spdx/tools-golang/spdx/v2/common"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
)

// TestGenuinePackages lists an image of genuine Alpine packages and holds it against what was installed.
func TestGenuinePackages(t *testing.T) {
	folder, release := os.Getenv("MKIMAGE_ALPINE_MIRROR"), os.Getenv("MKIMAGE_ALPINE_RELEASE")
	if folder == "" || release == "" || strings.Contains(folder, "://") {
		t.Skip("needs a folder of packages in $MKIMAGE_ALPINE_MIRROR, with $MKIMAGE_ALPINE_RELEASE and $MKIMAGE_ALPINE_KEYS")
	}
	source, err := apkfs.Open(folder, filepath.SplitList(os.Getenv("MKIMAGE_ALPINE_KEYS")), cache.Dir{})
	if err != nil {
		t.Fatal(err)
	}
	world := apkfs.World{Release: release, Platform: images.LinuxAMD64, Layers: []apkfs.Layer{
		{Name: "base", Packages: []string{"alpine-baselayout", "alpine-release", "busybox", "ca-certificates-bundle", "musl"}},
		{Name: "stemcell-bash", Packages: []string{"bash", "jq"}},
	}}
	pins, err := source.Resolve(t.Context(), world)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := source.Install(t.Context(), world, pins)
	if err != nil {
		t.Fatal(err)
	}
	var layers []stackLayer
	for i, files := range tree.Layers {
		layers = append(layers, stackLayer{world.Layers[i].Name, files})
	}
	document := parse(t, list(t, "stack", stack(t, time.Unix(0, 0), layers...), Sources{Roots: "v0.0.1"}))

	type pack struct{ Version, License, Sum string }
	want, got := map[string]pack{}, map[string]pack{}
	for _, p := range tree.Packages {
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Checksum, "Q1"))
		if err != nil {
			t.Fatal(err)
		}
		want[p.Name] = pack{p.Version, declared(p.License), hex.EncodeToString(sum)}
	}
	for _, p := range document.Packages {
		if strings.HasPrefix(string(p.PackageSPDXIdentifier), "Alpine-") {
			got[p.PackageName] = pack{p.PackageVersion, p.PackageLicenseDeclared, p.PackageChecksums[0].Value}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 10 {
		t.Errorf("%d packages: %s", len(got), diff)
	}
	if needed := related(document, named(t, document, "jq"), common.TypeRelationshipDependsOn); len(needed) != 2 {
		t.Errorf("jq needs musl and oniguruma, got %v", needed)
	}
	for _, f := range document.Files { // all others are of packages
		if !strings.HasPrefix(f.FileName, "./etc/") && f.FileName != "./lib/apk/db/installed" {
			t.Errorf("no package has %s", f.FileName)
		}
	}
}

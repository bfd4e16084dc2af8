package plan

import (
	"archive/tar"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

func definition() images.Definition {
	return images.Definition{
		Name: "x", Description: "An image", Base: images.Scratch, Platforms: images.UsualPlatforms(),
		Env: map[string]string{"OW_PORT": "9000", "HOME": "/home", "A": "b"}, Labels: map[string]string{"team": "blue"},
		Budget: 300_000, File: "x.yaml",
	}
}

// inputs returns what images of the given time are made from.
func inputs(t *testing.T, epoch time.Time) Inputs {
	t.Helper()
	in := Inputs{Epoch: epoch, Materials: Materials{Layers: layer.NewMaker(epoch, cache.Dir{})}, Proxies: map[images.Platform]layer.Layer{}}
	var err error
	if in.Scratch, err = Scratch(t.Context(), in.Layers); err != nil {
		t.Fatal(err)
	}
	for _, platform := range images.UsualPlatforms() {
		if in.Proxies[platform], err = Proxy(t.Context(), in.Layers, []byte(platform.Architecture()+" proxy")); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// layAndMake returns the plans of an image from its materials.
func layAndMake(t *testing.T, def images.Definition, in Inputs) ([]Image, error) {
	t.Helper()
	var err error
	if in.Grounds, err = Lay(t.Context(), def, in.Materials); err != nil {
		return nil, err
	}
	return Make(t.Context(), def, in)
}

func TestMake(t *testing.T) {
	plans, err := layAndMake(t, definition(), inputs(t, time.Unix(0, 0)))
	if err != nil {
		t.Fatal(err)
	}
	if len(plans) != 2 || plans[0].Platform != images.LinuxAMD64 || plans[1].Platform != images.LinuxARM64 {
		t.Fatalf("got %d plans, want linux/amd64 and linux/arm64", len(plans))
	}
	for _, plan := range plans {
		want := ocispec.ImageConfig{
			User:         "65532:65532",
			ExposedPorts: map[string]struct{}{"9000/tcp": {}},
			Env:          []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/home", "TMPDIR=/tmp", "OW_ACTION_DIR=/action", "A=b", "OW_PORT=9000"},
			Entrypoint:   []string{"/bin/proxy"},
			WorkingDir:   "/action",
			Labels:       map[string]string{"team": "blue"},
		}
		if diff := cmp.Diff(want, plan.Config); diff != "" {
			t.Error(diff)
		}
		about := map[string]string{
			"org.opencontainers.image.title":       "x",
			"org.opencontainers.image.description": "An image",
			"org.opencontainers.image.source":      "https://github.com/sciabarracom/openwhisk-runtime-go",
			"org.opencontainers.image.licenses":    "Apache-2.0 AND BSD-3-Clause AND MPL-2.0",
		}
		if diff := cmp.Diff(about, plan.Annotations); diff != "" {
			t.Error(diff)
		}
	}
	if a, _ := plans[0].Layers[0].Digest(); plans[0].Layers[0].Name != "base" {
		t.Error("the first layer is not base")
	} else if b, _ := plans[1].Layers[0].Digest(); a != b {
		t.Error("the platforms do not share the base")
	}
}

func TestFilesOfScratch(t *testing.T) {
	plans, err := layAndMake(t, definition(), inputs(t, time.Unix(0, 0)))
	if err != nil {
		t.Fatal(err)
	}
	certificates := len(certificates())
	want := []string{
		"base drwxrwxr-x 65532:0 0 action/",
		"base drwxr-xr-x 0:0 0 bin/",
		"base drwxr-xr-x 0:0 0 etc/",
		"base -rw-r--r-- 0:0 27 etc/group",
		"base -rw-r--r-- 0:0 81 etc/passwd",
		"base drwxr-xr-x 0:0 0 etc/ssl/",
		"base drwxr-xr-x 0:0 0 etc/ssl/certs/",
		fmt.Sprintf("base -rw-r--r-- 0:0 %d etc/ssl/certs/ca-certificates.crt", certificates),
		"base dtrwxrwxrwx 0:0 0 tmp/",
		"proxy -rwxr-xr-x 0:0 11 bin/proxy",
	}
	var got []string
	for _, l := range plans[1].Layers {
		got = append(got, list(t, l)...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var size int64
	for _, l := range plans[1].Layers {
		size += l.DockerSize
	}
	if want := int64(27 + 81 + certificates + 11); size != want {
		t.Errorf("docker size %d, want %d", size, want)
	}

	dirs := map[string]bool{".": true}
	for _, line := range got {
		name := line[strings.LastIndexByte(line, ' ')+1:]
		if dir := path.Dir(strings.TrimSuffix(name, "/")); !dirs[dir] {
			t.Errorf("%s comes before its directory", name)
		}
		dirs[strings.TrimSuffix(name, "/")] = true
	}
}

func TestCertificatesAreRoots(t *testing.T) {
	count := 0
	for rest := certificates(); len(rest) > 0; count++ {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			t.Fatal("not PEM to its end")
		}
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil || !root.IsCA {
			t.Fatalf("certificate %d: %v", count, err)
		}
	}
	if count < 100 {
		t.Errorf("only %d certificates", count)
	}
}

func TestEpochIsTheTimeOfEverything(t *testing.T) {
	in := inputs(t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("x", 3600)))
	plans, err := layAndMake(t, definition(), in)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC); plans[0].Created != want {
		t.Errorf("created %v, want %v", plans[0].Created, want)
	}
	for _, l := range plans[0].Layers {
		each(t, l, func(h *tar.Header) {
			if !h.ModTime.Equal(in.Epoch) {
				t.Errorf("%s has the time %v", h.Name, h.ModTime)
			}
		})
	}
}

func TestMakeRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*images.Definition)
		want   string
	}{
		{"alpine", func(d *images.Definition) { d.Base = images.Alpine }, "image x for linux/amd64: its packages are not known"},
		{"stemcell", func(d *images.Definition) { d.Stemcells = []string{"go"} }, "image x (x.yaml): it has 1 stemcells, of which 0 were loaded"},
		{"action", func(d *images.Definition) { d.Action = "hello" }, "image x for linux/amd64: no action"},
		{"platform", func(d *images.Definition) { d.Platforms = []images.Platform{"linux/riscv64"} }, "image x for linux/riscv64: no proxy"},
		{"port", func(d *images.Definition) { d.Env = map[string]string{"OW_PORT": "0"} }, `image x (x.yaml): OW_PORT is "0", not a port`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			def := definition()
			test.change(&def)
			if _, err := layAndMake(t, def, inputs(t, time.Unix(0, 0))); err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestParseEpoch(t *testing.T) {
	for value, want := range map[string]int64{"": 0, "0": 0, "1700000000": 1_700_000_000, "8589934591": 8_589_934_591} {
		if got, err := ParseEpoch(value); err != nil || got.Unix() != want {
			t.Errorf("%q: got %v, %v", value, got, err)
		}
	}
	for _, value := range []string{"-1", "now", "1.5", " 1", "8589934592", "2026-01-01"} {
		if got, err := ParseEpoch(value); err == nil {
			t.Errorf("%q: accepted as %v", value, got)
		}
	}
}

// list returns "LAYER MODE OWNERS SIZE PATH" for every entry of a layer.
func list(t *testing.T, l layer.Layer) []string {
	var lines []string
	each(t, l, func(h *tar.Header) {
		lines = append(lines, fmt.Sprintf("%s %s %d:%d %d %s", l.Name, h.FileInfo().Mode(), h.Uid, h.Gid, h.Size, h.Name))
	})
	return lines
}

func each(t *testing.T, l layer.Layer, visit func(*tar.Header)) {
	t.Helper()
	content, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	for archive := tar.NewReader(content); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		visit(h)
	}
}

package plan

import (
	"debug/elf"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

func TestEntrypoint(t *testing.T) {
	def := definition()
	def.Platforms, def.Entrypoint = []images.Platform{images.LinuxAMD64}, []string{"/usr/bin/tool", "serve"}
	in := inputs(t, time.Unix(0, 0))
	if _, err := layAndMake(t, def, in); err == nil || !strings.Contains(err.Error(), "entrypoint /usr/bin/tool: there is no such program in the image") {
		t.Errorf("an image without its program: %v", err)
	}
	in.Placed = map[images.Platform][]layer.File{images.LinuxAMD64: {
		layer.Regular("tmp/motd", 0o644, []byte("hello")), layer.Regular("usr/bin/tool", 0o755, testkit.Static(elf.EM_X86_64, "tool")),
	}}
	plans, err := layAndMake(t, def, in)
	if err != nil {
		t.Fatal(err)
	}
	want := ocispec.ImageConfig{
		User:       "65532:65532",
		Env:        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/home", "TMPDIR=/tmp", "A=b", "OW_PORT=9000"},
		Entrypoint: []string{"/usr/bin/tool", "serve"},
		Labels:     map[string]string{"team": "blue"},
	}
	if diff := cmp.Diff(want, plans[0].Config); diff != "" {
		t.Error(diff)
	}
	if names := plans[0].Names(); !slices.Equal(names, []string{"base", "files"}) {
		t.Errorf("layers %q", names)
	}
	var paths []string
	for _, entry := range plans[0].Layers[1].Entries {
		paths = append(paths, entry.Path)
	}
	if diff := cmp.Diff([]string{"tmp/motd", "usr", "usr/bin", "usr/bin/tool"}, paths); diff != "" { // /tmp stays as it is
		t.Error(diff)
	}
}

func TestPlaceRefuses(t *testing.T) {
	for name, want := range map[string]string{
		"etc":             "file /etc: it is a folder in the layers below",
		"etc/passwd/motd": "file /etc/passwd/motd: /etc/passwd is no folder in the layers below",
	} {
		in := inputs(t, time.Unix(0, 0))
		in.Placed = map[images.Platform][]layer.File{images.LinuxAMD64: {layer.Regular(name, 0o644, nil)}}
		if _, err := layAndMake(t, definition(), in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

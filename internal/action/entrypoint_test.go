package action

import (
	"debug/elf"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// TestCheckEntrypoint holds that the program of an image without the proxy is held to the rules for those of actions.
func TestCheckEntrypoint(t *testing.T) {
	amd64 := testkit.Static(elf.EM_X86_64, "")
	dynamic := []byte(elfFile{machine: elf.EM_X86_64, loader: "/lib/ld-musl-x86_64.so.1", needed: []string{"libown.so.1"}}.String())
	made, err := layer.NewMaker(time.Unix(0, 0), cache.Dir{}).New(t.Context(), "files", []layer.File{
		layer.Directory("bin", 0o755), layer.Directory("lib", 0o755),
		layer.Regular("bin/tool", 0o755, amd64), layer.Symlink("bin/link", "tool"), layer.Symlink("bin/astray", "none"),
		layer.Regular("bin/arm", 0o755, testkit.Static(elf.EM_AARCH64, "")),
		layer.Regular("bin/windows", 0o644, []byte("MZ\x90\x00")),
		layer.Regular("bin/dynamic", 0o755, dynamic), layer.Regular("lib/ld-musl-x86_64.so.1", 0o755, amd64),
		layer.Regular("bin/kept", 0o644, amd64), layer.Regular("bin/empty", 0o755, nil), layer.Regular("bin/text", 0o755, []byte("hello\n")),
		layer.Regular("bin/script", 0o755, []byte("#!/bin/tool\n")), layer.Regular("bin/lost", 0o755, []byte("#!/bin/sh\n")),
		layer.Regular("bin/env", 0o755, amd64), layer.Regular("bin/named", 0o755, []byte("#!/bin/env tool\n")), layer.Regular("bin/unnamed", 0o755, []byte("#!/bin/env python3\n")),
	})
	if err != nil {
		t.Fatal(err)
	}
	closed := NewTree([]string{"PATH=/usr/bin:/bin"}, made)
	for _, test := range []struct{ name, want, open string }{ // open: in an image whose steps may bring anything
		{"/bin/tool", "", ""},
		{"/bin/link", "", ""},
		{"/bin/script", "", ""},
		{"/bin/named", "", ""},
		{"/bin/none", "there is no such program in the image: bring it with files or packages", ""},
		{"/bin/astray", "there is no such program in the image", ""},
		{"/bin", "there is no such program in the image", "there is no such program in the image"},
		{"/bin/arm", "the program is built for arm64, this image runs on amd64 (Go: build it with GOOS=linux GOARCH=amd64)", "the program is built for arm64"},
		{"/bin/windows", "the program is built for macOS or Windows, not for Linux", ""},
		{"/bin/dynamic", `the program needs "libown.so.1", which is not in this image`, ""},
		{"/bin/kept", "it may not be executed: its mode in the image is 0644", ""},
		{"/bin/empty", "it is empty", "it is empty"},
		{"/bin/text", "it is neither a program nor a script, whose first line begins with #! and a path", "it is neither a program nor a script"},
		{"/bin/lost", `the script needs "/bin/sh", which is not in this image (take an image that has it)`, ""},
		{"/bin/unnamed", `the script needs "python3", which is not in this image`, ""},
	} {
		for want, tree := range map[*string]Tree{&test.want: closed, &test.open: closed.Open()} {
			err := tree.CheckEntrypoint(test.name, images.LinuxAMD64)
			if *want == "" && err != nil || *want != "" && (err == nil || !strings.Contains(err.Error(), *want)) {
				t.Errorf("%s: got %v, want %q", test.name, err, *want)
			}
		}
	}
}

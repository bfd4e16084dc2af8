package sbom

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spdx/tools-golang/spdx/v2/common"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

const baseDatabase = `C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:alpine-baselayout
V:3.4.3-r2
A:x86_64
T:Alpine base dir structure and init scripts
U:https://git.alpinelinux.org/cgit/aports/tree/main/alpine-baselayout
L:GPL-2.0-only
o:alpine-baselayout
c:7749273fed55f6e1df7c9ee6a127f18099f98a94
D:busybox>=1.36 !uclibc so:libc.musl-x86_64.so.1
F:etc
M:0:0:755
R:motd
a:0:0:644
Z:Q1XmduVVNURHQ27TvYp1Lr5TMtFcA=

C:Q11ahTCzzJwZpTtW3n0ULSkJkMqBE=
P:musl
V:1.2.4-r2
A:x86_64
L:MIT
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1

C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:busybox
V:1.36.1-r15
A:x86_64
L:custom BSD

`

const bashDatabase = baseDatabase + `P:libstdc++
V:13.2.1-r0
A:x86_64
D:musl

P:jq
V:1.7.1-r0
A:x86_64
L:MIT
F:usr/bin
R:jq
`

func TestAlpine(t *testing.T) {
	index := stack(t, time.Unix(0, 0),
		stackLayer{"base", []layer.File{
			text("etc/motd", "hi"), text("lib/ld-musl-x86_64.so.1", "musl"), text("etc/apk/world", "busybox\nmusl\n"),
			text("etc/os-release", "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.19.1\n"), text("lib/apk/db/installed", baseDatabase),
		}},
		stackLayer{"stemcell-bash", []layer.File{
			text("usr/bin/jq", "jq"), text("usr/lib/mkimage/bash/launcher.sh", "main"),
			text("etc/apk/world", "busybox\njq>=1.7\nmusl\n"), text("lib/apk/db/installed", bashDatabase),
		}})
	document := parse(t, list(t, "stack", index, Sources{Roots: "v0.0.1"}))
	const (
		layoutIs  = "alpine-baselayout 3.4.3-r2 pkg:apk/alpine/alpine-baselayout@3.4.3-r2?arch=x86_64&distro=alpine-3.19.1"
		busyboxIs = "busybox 1.36.1-r15 pkg:apk/alpine/busybox@1.36.1-r15?arch=x86_64&distro=alpine-3.19.1"
		jqIs      = "jq 1.7.1-r0 pkg:apk/alpine/jq@1.7.1-r0?arch=x86_64&distro=alpine-3.19.1"
		libstdcIs = "libstdc++ 13.2.1-r0 pkg:apk/alpine/libstdc%2B%2B@13.2.1-r0?arch=x86_64&distro=alpine-3.19.1"
		muslIs    = "musl 1.2.4-r2 pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.19.1"
	)
	for _, test := range []struct {
		from, kind string
		want       []string
	}{
		{"alpine-baselayout", common.TypeRelationshipDependsOn, []string{busyboxIs, muslIs}},
		{"libstdc++", common.TypeRelationshipDependsOn, []string{muslIs}},
		{"base", common.TypeRelationshipDependsOn, []string{busyboxIs, muslIs}},
		{"stemcell-bash", common.TypeRelationshipDependsOn, []string{jqIs}},
		{"base", common.TypeRelationshipContains, []string{"./etc/os-release"}},
		{"stemcell-bash", common.TypeRelationshipContains, []string{
			"./etc/apk/world", "./lib/apk/db/installed", "./usr/lib/mkimage/bash/launcher.sh"}},
	} {
		if diff := cmp.Diff(test.want, related(document, named(t, document, test.from), test.kind)); diff != "" {
			t.Errorf("%s %s: %s", test.from, test.kind, diff)
		}
	}
	diff := cmp.Diff([]string{layoutIs, "base", busyboxIs, jqIs, libstdcIs, muslIs, "stemcell-bash"},
		related(document, "Image-linux-amd64", common.TypeRelationshipContains))
	if diff != "" {
		t.Error(diff)
	}
	for _, p := range document.Packages {
		switch p.PackageName {
		case "alpine-baselayout":
			got := []string{p.PackageLicenseDeclared, p.PackageChecksums[0].Value, p.PackageSourceInfo, p.PackageSupplier.Supplier}
			want := []string{
				"GPL-2.0-only", "a8a719fa3db7c6cb005e681086438ef1d1e76d6c",
				"built from the source package alpine-baselayout at commit 7749273fed55f6e1df7c9ee6a127f18099f98a94", "Alpine Linux",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		case "busybox":
			got := []string{p.PackageLicenseDeclared, p.PackageLicenseComments}
			if diff := cmp.Diff([]string{"NOASSERTION", "The package says: custom BSD"}, got); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestBrokenDatabase(t *testing.T) {
	index := stack(t, time.Unix(0, 0), stackLayer{"base", []layer.File{text("lib/apk/db/installed", "P:a\nV:1\nnonsense\n")}})
	_, err := Make("stack", index, Sources{})
	if want := "list the content of stack: linux-amd64: lib/apk/db/installed: "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s…", err, want)
	}
}

func TestSystem(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want system
	}{
		"none":   {"", system{id: "alpine", name: "Alpine Linux"}},
		"quotes": {"NAME='W'\nID=\"w\"\nVERSION_ID=1\n# x\n", system{id: "w", version: "1", name: "W"}},
	} {
		if got := parseSystem([]byte(test.text)); got != test.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

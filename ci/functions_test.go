package ci_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/apktest"
)

// functions are ten actions in four languages, as files and as folders: what is baked in, by image.
var functions = map[string]struct {
	stemcell, action string
	files            map[string]string
}{
	"greet":   {"bash", "greet.sh", map[string]string{"greet.sh": "main() { echo '{}'; }\n"}},
	"count":   {"bash", "count", map[string]string{"count/main.sh": ". lib/count.sh\n", "count/lib/count.sh": "main() { echo '{}'; }\n"}},
	"mail":    {"bash", "mail.bash", map[string]string{"mail.bash": "main() { echo '{}'; }\n"}},
	"cut":     {"ruby", "cut", map[string]string{"cut/main.rb": "require_relative 'knife'\n", "cut/knife.rb": "def main(args) = args\n", "cut/.dockerignore": "test\n", "cut/test/a.rb": ""}},
	"paste":   {"ruby", "paste.rb", map[string]string{"paste.rb": "def main(args) = args\n"}},
	"sort":    {"ruby", "sort.rb", map[string]string{"sort.rb": "def main(args) = args\n"}},
	"resize":  {"python", "resize", map[string]string{"resize/main.py": "def main(args): return args\n", "resize/data.json": "{}"}},
	"mailing": {"python", "mailing.py", map[string]string{"mailing.py": "def main(args): return args\n"}},
	"weather": {"python", "weather.py", map[string]string{"weather.py": "def main(args): return args\n"}},
	"hash":    {"", "hash", map[string]string{"hash/main.go": "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(`{\"openwhisk\":1}`) }\n"}},
}

// newFunctions returns a project with an image for each of the functions.
func newFunctions(t *testing.T) *project {
	t.Helper()
	p := emptyProject(t)
	mirror, err := apktest.New(p.temp)
	if err == nil {
		err = mirror.Add("v3.22", "main", "x86_64", append(apktest.Base("v3.22"), apktest.Languages()...)...)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.own["MKIMAGE_ALPINE_MIRROR"], p.own["MKIMAGE_ALPINE_KEYS"] = mirror.Dir, mirror.KeyFile
	p.write(t, ".gitignore", "dist/\n.cache/\n")
	p.write(t, "go.mod", "module example.com/actions\n\ngo 1.26.0\n")
	for image, f := range functions {
		text := "name: " + image + "\nbase: scratch\n"
		if f.stemcell != "" {
			text = fmt.Sprintf("name: %s\nbase: alpine\nalpine: v3.22\nstemcells: [%s]\n", image, f.stemcell)
		}
		p.write(t, "images/"+image+".yaml", text+"platforms: [linux/amd64]\naction: ../actions/"+f.action+"\n")
		for name, content := range f.files {
			p.write(t, "actions/"+name, content)
		}
	}
	p.run(t, "git init -q -b main && mkimage build && mkimage sizes --update && rm -r dist && git add -A && git commit -qm first")
	return p
}

// TestFunctions has ten functions go through ci/pipeline to updated actions, and then a change of one of them.
func TestFunctions(t *testing.T) {
	p := newFunctions(t)
	ci := shell{p}
	if !ci.publish(t) {
		t.Fatal("the first commit is not published")
	}
	var want []string
	for image := range functions {
		want = append(want, image+" "+p.repo+"/"+image+":"+p.content(t, image, "main"))
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), p.puts(t, 0)); diff != "" {
		t.Error(diff)
	}
	// Base, stemcells and proxy are in nine or three images each, and were sent once. Attachments have an empty config
	// of two bytes, which pushes at the same time may each send.
	const empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
	for digest, times := range p.uploads.count {
		if times > 1 && digest != empty {
			t.Errorf("%s was sent %d times", digest, times)
		}
	}

	p.run(t, "rm -r dist && git switch -qc feature")
	p.write(t, "actions/cut/knife.rb", "def main(args) = { cut: args }\n")
	p.write(t, "actions/resize/more.json", "{}")
	p.run(t, "git add -A && git commit -qm second")
	if !ci.check(t) {
		t.Fatal("the change is not good")
	}
	if diff := cmp.Diff([]string{"cut", "resize"}, p.built(t)); diff != "" {
		t.Errorf("the change touches other images: %s", diff)
	}
	if told := ci.comment(t); !strings.Contains(told, "| cut | linux/amd64 | ") || strings.Contains(told, "paste") {
		t.Errorf("the comment is:\n%s", told)
	}
	asked := len(p.stub.Requests())
	p.run(t, "git switch -q main && git merge -q feature && rm -r dist")
	if !ci.publish(t) {
		t.Fatal("the change is not published")
	}
	want = nil
	for _, image := range []string{"cut", "resize"} {
		want = append(want, image+" "+p.repo+"/"+image+":"+p.content(t, image, "main"))
	}
	if diff := cmp.Diff(want, p.puts(t, asked)); diff != "" {
		t.Error(diff)
	}
	p.keepsSecrets(t)
}

package buildkit_test

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
)

// stepLayers returns what is in the layer of each step, a line an entry: type, permissions, owner, name and target. It
// reports entries that have another time than the others of the image.
func stepLayers(t *testing.T, index v1.ImageIndex, epoch time.Time) [][]string {
	t.Helper()
	layers := layersOf(t, index)[0]
	var all [][]string
	for _, l := range layers[1 : len(layers)-1] { // between base and proxy
		stream, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		var entries []string
		for archive := tar.NewReader(stream); ; {
			header, err := archive.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if !header.ModTime.Equal(epoch) && !strings.HasPrefix(path.Base(header.Name), ".wh.") {
				t.Errorf("%s has the time %s", header.Name, header.ModTime)
			}
			entries = append(entries, strings.TrimSpace(fmt.Sprintf("%c%04o %d:%d %s %s", header.Typeflag, header.Mode, header.Uid, header.Gid, header.Name, header.Linkname)))
		}
		if err := stream.Close(); err != nil {
			t.Error(err)
		}
		all = append(all, entries)
	}
	return all
}

// TestStepIsTheSameAgain holds that a script gives the same layers on another day, whatever it does to the file system
// and to its tools, if its result does not depend on the day. Each step runs on the layers of the former ones.
func TestStepIsTheSameAgain(t *testing.T) {
	t.Parallel()
	own := daemontest.Start(t, t.TempDir())
	steps := []struct {
		name string
		images.Step
		want []string // nil is not compared
	}{
		{"times", images.Step{Script: "mkdir /srv/t; cd /srv/t; touch -d @100 a; touch -d '2100-01-01 00:00' b; mkdir c; cp -p /etc/passwd c; touch -d @5 c /etc/group"}, nil},
		{"nothing", images.Step{Script: ": > /dev/null"}, []string{}},
		{"kinds of files", images.Step{Script: `mkdir /srv/k; cd /srv/k
echo a > a; ln a b; ln -s /nowhere c; mkfifo d; mknod e c 1 3; chmod 4711 a; chown 12:34 e
echo "it's 100% \"of\" $HOME" > 'f "%s"
'`}, []string{"50755 0:0 srv/", "50755 0:0 srv/k/", "04711 0:0 srv/k/a", "14711 0:0 srv/k/b srv/k/a", "20777 0:0 srv/k/c /nowhere", "60644 0:0 srv/k/d",
			"30644 12:34 srv/k/e", "00644 0:0 srv/k/f \"%s\""}},
		{"changed and removed", images.Step{Script: "chmod 600 /etc/passwd; rm -rf /srv/k; mkdir /srv/k; echo x > /srv/k/a"}, nil},
		{"mounts", images.Step{
			Script:  "ls -A /tmp > /srv/tmp; touch /tmp/a /dev/shm/a /root/.local/share/gem/a /run/a; rm -rf /tmp/* /tmp/.[!.]* /run/a",
			Network: true, Cache: []string{"/root/.local/share/gem"}, Secrets: map[string]string{"TOKEN": "env:PATH"},
		}, []string{"50755 0:0 srv/", "00644 0:0 srv/tmp"}},
		{"no touch and no find", images.Step{Script: "rm /bin/touch /usr/bin/find"},
			[]string{"50755 0:0 bin/", "00000 0:0 bin/.wh.touch", "50755 0:0 usr/", "50755 0:0 usr/bin/", "00000 0:0 usr/bin/.wh.find"}},
		{"no shell", images.Step{Script: "rm -rf /bin /lib/ld-musl-*"}, nil},
	}
	for _, test := range []struct {
		epoch int64 // before or after the times of files
		steps int   // how many
	}{{0, 1}, {1_000_000_000, len(steps)}, {4_000_000_000, 1}} {
		epoch := time.Unix(test.epoch, 0)
		t.Run(fmt.Sprint("in ", epoch.UTC().Year()), func(t *testing.T) {
			var scripts []images.Step
			for _, step := range steps[:test.steps] {
				scripts = append(scripts, step.Step)
			}
			made := stepPlansAt(t, "x", epoch, scripts...)
			var digests []v1.Hash
			for range 2 {
				empty(t, own)
				built, err := open(t, buildkit.Options{Builders: []string{own.Address}}).Build(t.Context(), made)
				if err != nil {
					t.Fatal(err)
				}
				for i, got := range stepLayers(t, built, epoch) {
					if want := steps[i].want; want != nil && !slices.Equal(want, got) {
						t.Errorf("%s: %s", steps[i].name, cmp.Diff(want, got))
					}
				}
				digest, err := built.Digest()
				if err != nil {
					t.Fatal(err)
				}
				digests = append(digests, digest)
			}
			if digests[0] != digests[1] {
				t.Errorf("got %s and then %s", digests[0], digests[1])
			}
		})
	}
}

// TestCacheFolderKeepsTimes holds that a step leaves the times of files in a cache folder of the builder as they are.
func TestCacheFolderKeepsTimes(t *testing.T) {
	t.Parallel()
	own := daemontest.Start(t, t.TempDir())
	made := stepPlans(t, "x",
		images.Step{Script: "touch -d @77 /root/kept/a", Cache: []string{"/root/kept"}},
		images.Step{Script: "test $(stat -c %Y /root/kept/a) = 77", Cache: []string{"/root/kept"}})
	buildOnce(t, buildkit.Options{Builders: []string{own.Address}}, made)
}

// TestLongScript holds that a script may be longer than an argument of a program (128 KiB on Linux).
func TestLongScript(t *testing.T) {
	t.Parallel()
	own := daemontest.Start(t, t.TempDir())
	made := stepPlans(t, "x", images.Step{Script: strings.Repeat("# a comment\n", 20_000) + "echo made > /etc/made"})
	buildOnce(t, buildkit.Options{Builders: []string{own.Address}}, made)
}

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

// stepLayers returns what is in the layers of an image's steps, a line an entry: type, permissions, owner, name and target.
// It reports entries that have another time than the others of the image.
func stepLayers(t *testing.T, index v1.ImageIndex, epoch time.Time) []string {
	t.Helper()
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	img, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	var entries []string
	for _, l := range layers[1 : len(layers)-1] { // between base and proxy
		stream, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
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
	}
	return entries
}

// TestStepIsTheSameAgain holds that a script that does not depend on the day gives the same layer on another one, whatever
// it does to the file system and to the tools in it.
func TestStepIsTheSameAgain(t *testing.T) {
	own := daemontest.Start(t, t.TempDir())
	times := []images.Step{{Script: "cd /srv; touch -d @100 a; touch -d '2100-01-01 00:00' b; mkdir c; cp -p /etc/passwd c; touch -d @5 c /etc/group"}}
	const y1970, y2001, y2096 = 0, 1_000_000_000, 4_000_000_000
	for _, test := range []struct {
		name  string
		epoch int64
		steps []images.Step
		want  []string // nil is not compared
	}{
		{"times, in 1970", y1970, times, nil},
		{"times, in 2001", y2001, times, nil},
		{"times, in a year to come", y2096, times, nil},
		{"nothing", y2001, []images.Step{{Script: "true"}, {Script: ": > /dev/null"}}, []string{}},
		{"kinds of files", y2001, []images.Step{{Script: `cd /srv
echo a > a; ln a b; ln -s /nowhere c; mkfifo d; mknod e c 1 3; chmod 4711 a; chown 12:34 e
echo "it's 100% \"of\" $HOME" > 'f "%s"
'`}}, []string{"50755 0:0 srv/", "04711 0:0 srv/a", "14711 0:0 srv/b srv/a", "20777 0:0 srv/c /nowhere", "60644 0:0 srv/d",
			"30644 12:34 srv/e", "00644 0:0 srv/f \"%s\""}},
		{"changed and removed", y2001, []images.Step{
			{Script: "chmod 600 /etc/passwd; rm -rf /etc/ssl; mkdir /etc/ssl; echo x > /etc/one"},
			{Script: "cat /etc/one > /etc/two; rm /etc/one"},
		}, nil},
		{"mounts", y2001, []images.Step{{
			Script:  "ls -A /tmp > /srv/tmp; touch /tmp/a /dev/shm/a /root/.local/share/gem/a /run/a; rm -rf /tmp/* /tmp/.[!.]* /run/a",
			Network: true, Cache: []string{"/root/.local/share/gem"}, Secrets: map[string]string{"TOKEN": "env:PATH"},
		}}, []string{"50755 0:0 srv/", "00644 0:0 srv/tmp"}},
		{"no touch and no find", y2001, []images.Step{{Script: "rm /bin/touch /usr/bin/find"}},
			[]string{"50755 0:0 bin/", "00000 0:0 bin/.wh.touch", "50755 0:0 usr/", "50755 0:0 usr/bin/", "00000 0:0 usr/bin/.wh.find"}},
		{"no shell", y2001, []images.Step{{Script: "rm -rf /bin /lib/ld-musl-*"}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			epoch := time.Unix(test.epoch, 0)
			made := stepPlansAt(t, "x", epoch, test.steps...)
			empty(t, own)
			e := open(t, buildkit.Options{Builders: []string{own.Address}})
			first, err := e.Build(t.Context(), made)
			if err != nil {
				t.Fatal(err)
			}
			one := stepLayers(t, first, epoch)
			if test.want != nil && !slices.Equal(one, test.want) {
				t.Error(cmp.Diff(test.want, one))
			}
			empty(t, own)
			second, err := e.Build(t.Context(), made)
			if err != nil {
				t.Fatal(err)
			}
			a, _ := first.Digest()
			b, _ := second.Digest()
			if a != b {
				t.Errorf("got %s and then %s: %s", a, b, cmp.Diff(one, stepLayers(t, second, epoch)))
			}
		})
	}
}

// TestCacheFolderKeepsTimes holds that files in a folder that a builder keeps stay as a step has left them.
func TestCacheFolderKeepsTimes(t *testing.T) {
	own := daemontest.Start(t, t.TempDir())
	made := stepPlans(t, "x",
		images.Step{Script: "touch -d @77 /root/kept/a", Cache: []string{"/root/kept"}},
		images.Step{Script: "test $(stat -c %Y /root/kept/a) = 77", Cache: []string{"/root/kept"}})
	buildOnce(t, buildkit.Options{Builders: []string{own.Address}}, made)
}

// TestLongScript holds that a script may be longer than an argument of a program (128 KiB on Linux).
func TestLongScript(t *testing.T) {
	own := daemontest.Start(t, t.TempDir())
	made := stepPlans(t, "x", images.Step{Script: strings.Repeat("# a comment\n", 20_000) + "echo made > /etc/made"})
	buildOnce(t, buildkit.Options{Builders: []string{own.Address}}, made)
}

package e2e

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"golang.org/x/sys/unix"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
)

// event is a line that mkimage writes with --progress json.
type event struct{ Event, Step, Text, Error string }

// built returns the image that is finished with this event, or "".
func (e event) built() string {
	image, found := strings.CutSuffix(e.Step, ": build the image")
	if e.Event != "done" || !found {
		return ""
	}
	return image
}

// outcome is how mkimage has ended.
type outcome struct {
	status int
	images map[string]string // that stdout names: their digests
	events []event
}

// with returns the texts and errors that have a text in them.
func (o outcome) with(text string) (found []string) {
	for _, e := range o.events {
		if line := e.Text + e.Error; (e.Event == "text" || e.Event == "error") && strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// fleet is a folder with the definitions of 50 images, and three builders.
type fleet struct {
	dir     string
	names   []string
	daemons []*daemontest.Daemon
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{dir: t.TempDir()}
	for i := range 50 {
		image := fmt.Sprintf("image-%02d", i)
		f.names = append(f.names, image)
		writeDefinition(t, filepath.Join(f.dir, "images"), image, image)
	}
	for range 3 {
		f.daemons = append(f.daemons, daemontest.Start(t, t.TempDir()))
	}
	return f
}

// build builds all images with the time that is in them, and calls see with each event as it comes. While see is at
// work mkimage goes on for no more than some events: then the pipe is full.
func (f *fleet) build(t *testing.T, epoch string, see func(event), args ...string) outcome {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	if _, err := unix.FcntlInt(write.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	var stdout strings.Builder
	cmd := exec.Command(built.mkimage, append([]string{"build", "--images", "images", "--progress", "json", "--jobs", "4", "--sbom", "none", "--attest", "none"}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = f.dir, &stdout, write
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+epoch)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	var got outcome
	for lines := bufio.NewScanner(read); lines.Scan(); {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Errorf("stderr has %q, which is no JSON: %v", lines.Text(), err)
		}
		got.events = append(got.events, e)
		see(e)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); errors.As(err, &exit) {
		got.status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	got.images = map[string]string{}
	for line := range strings.Lines(stdout.String()) {
		reference, digest, _ := strings.Cut(strings.TrimSpace(line), "@")
		image := filepath.Base(reference)
		if got.images[image] != "" {
			t.Errorf("stdout names %s twice", image)
		}
		got.images[image] = digest
	}
	return got
}

// embedded builds all images with the embedded engine, into the folder embedded and the record embedded.json.
func (f *fleet) embedded(t *testing.T, epoch string) outcome {
	t.Helper()
	got := f.build(t, epoch, func(event) {}, "-o", "type=oci,dest=embedded/{name}", "--size-record", "embedded.json")
	if got.status != 0 || len(got.images) != len(f.names) {
		t.Fatalf("the embedded engine has built %d images, exit status %d: %v", len(got.images), got.status, got.events)
	}
	return got
}

// flags are those that name the builders, and the outputs in a folder with its record beside it.
func (f *fleet) flags(folder string, more ...string) []string {
	flags := append([]string{"-o", "type=oci,dest=" + folder + "/{name}", "--size-record", folder + ".json"}, more...)
	for _, d := range f.daemons {
		flags = append(flags, "--builder", d.Address)
	}
	return flags
}

// afterImages returns what calls do when so many images are built.
func afterImages(n int, do func()) func(event) {
	return func(e event) {
		if e.built() != "" {
			if n--; n == 0 {
				do()
			}
		}
	}
}

// builders returns how many images each builder has built, and reports those that were not built once.
func (f *fleet) builders(t *testing.T, got outcome) map[string]int {
	t.Helper()
	counts, times := map[string]int{}, map[string]int{}
	for _, e := range got.events {
		if image, address, found := strings.Cut(e.Step, ": build on "); found && e.Event == "done" {
			counts[address]++
			times[image]++
		}
	}
	for image := range got.images {
		if times[image] != 1 {
			t.Errorf("%s was built %d times", image, times[image])
		}
	}
	return counts
}

// contents returns the checksum of every file below a folder.
func (f *fleet) contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	root := filepath.Join(f.dir, folder)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		sum := sha256.Sum256(read(t, path))
		at, err := filepath.Rel(root, path)
		sums[at] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// recorded returns the images and platforms of a size record, each as often as it is there.
func (f *fleet) recorded(t *testing.T, record string) (places []string) {
	t.Helper()
	var found struct{ Images []sizeRow }
	if err := json.Unmarshal(read(t, filepath.Join(f.dir, record)), &found); err != nil {
		t.Fatal(err)
	}
	for _, row := range found.Images {
		places = append(places, row.Name+" "+row.Platform)
	}
	slices.Sort(places)
	return places
}

// places returns what a record of images has to hold.
func places(images []string) (want []string) {
	for _, image := range images {
		want = append(want, image+" linux/amd64", image+" linux/arm64")
	}
	slices.Sort(want)
	return want
}

// TestFleet builds 50 images with three builders that are lost one after the other.
func TestFleet(t *testing.T) {
	t.Parallel()
	registry := needRegistry(t)
	f := newFleet(t)

	t.Run("all share the work", func(t *testing.T) {
		want := f.embedded(t, "0")
		got := f.build(t, "0", func(event) {}, f.flags("all")...)
		if got.status != 0 {
			t.Fatalf("exit status %d: %v", got.status, got.with(""))
		}
		counts := f.builders(t, got)
		t.Log("of 50 solves, the builders had ", counts)
		for _, d := range f.daemons {
			if n := counts[d.Address]; n < 13 || n > 21 {
				t.Errorf("%s has built %d of 50 images, want 25 %% to 42 %%", d.Address, n)
			}
		}
		f.same(t, want, got, "all")
	})

	want := f.embedded(t, "60") // other layers
	t.Run("one is killed", func(t *testing.T) {
		repository := registry + "/" + unique()
		got := f.build(t, "60", afterImages(15, func() { f.daemons[1].Kill(t) }), f.flags("two", "--push", "--repo", repository, "--tag", "v1")...)
		if got.status != 0 {
			t.Fatalf("exit status %d: %v", got.status, got.with(""))
		}
		t.Log("the builders had ", f.builders(t, got))
		if lost := got.with(f.daemons[1].Address + " is lost: "); len(lost) != 1 || len(got.with(" is lost: ")) != 1 {
			t.Errorf("it tells that %q, want once that %s is lost", got.with(" is lost: "), f.daemons[1].Address)
		}
		f.same(t, want, got, "two")
		for _, image := range f.names {
			f.tags(t, repository+"/"+image, want.images[image])
		}
	})

	t.Run("all are killed", func(t *testing.T) {
		got := f.build(t, "60", afterImages(15, func() {
			f.daemons[0].Kill(t)
			f.daemons[2].Kill(t)
		}), f.flags("none")...)
		finished := slices.Sorted(func(yield func(string) bool) {
			for image := range got.images {
				if !yield(image) {
					return
				}
			}
		})
		if got.status != 1 || len(finished) < 15 || len(finished) > 40 {
			t.Errorf("exit status %d, built are %v", got.status, finished)
		}
		f.noneLeft(t, got)
		for _, d := range f.daemons {
			if lost := got.with(d.Address + " is lost: "); len(lost) != 1 {
				t.Errorf("it tells that %q, want once that %s is lost", lost, d.Address)
			}
		}

		// What was built is whole and in the record, and nothing else is there.
		if diff := cmp.Diff(places(finished), f.recorded(t, "none.json")); diff != "" {
			t.Error(diff)
		}
		files := f.contents(t, "embedded")
		for _, image := range f.names {
			if digest := got.images[image]; digest == "" {
				for file := range files {
					if strings.HasPrefix(file, image+"/") {
						delete(files, file)
					}
				}
			} else if digest != want.images[image] {
				t.Errorf("%s is %s, want %s", image, digest, want.images[image])
			}
		}
		if diff := cmp.Diff(files, f.contents(t, "none")); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("none is left", func(t *testing.T) {
		record, files := read(t, filepath.Join(f.dir, "none.json")), f.contents(t, "none")
		got := f.build(t, "60", func(event) {}, f.flags("none")...)
		if got.status != 1 || len(got.images) > 0 {
			t.Errorf("exit status %d, built are %v", got.status, got.images)
		}
		f.noneLeft(t, got)
		if string(read(t, filepath.Join(f.dir, "none.json"))) != string(record) {
			t.Error("the record has changed")
		}
		if diff := cmp.Diff(files, f.contents(t, "none")); diff != "" {
			t.Error(diff)
		}
	})
}

// same reports where images in a folder, and the record beside it, are not those of the embedded engine.
func (f *fleet) same(t *testing.T, want, got outcome, folder string) {
	t.Helper()
	if diff := cmp.Diff(want.images, got.images); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(f.contents(t, "embedded"), f.contents(t, folder)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(places(f.names), f.recorded(t, folder+".json")); diff != "" {
		t.Error(diff)
	}
	if string(read(t, filepath.Join(f.dir, "embedded.json"))) != string(read(t, filepath.Join(f.dir, folder+".json"))) {
		t.Error("the record is not that of the embedded engine")
	}
	for _, image := range f.names {
		index, err := layout.ImageIndexFromPath(filepath.Join(f.dir, folder, image))
		if err == nil {
			err = validate.Index(index, validate.Fast) // the files were compared
		}
		if err != nil {
			t.Errorf("%s: %v", image, err)
		}
	}
}

// noneLeft reports errors other than the one line that tells why each builder is gone.
func (f *fleet) noneLeft(t *testing.T, got outcome) {
	t.Helper()
	var told []string
	for _, e := range got.events {
		if e.Event == "error" {
			told = append(told, e.Error)
		}
	}
	if len(told) != 1 || !strings.Contains(told[0], "none of 3 builders is left: ") {
		t.Fatalf("want one error that no builder is left, got %q", told)
	}
	for _, d := range f.daemons {
		if !strings.Contains(told[0], d.Address+": ") {
			t.Errorf("%s has no reason in %s", d.Address, told[0])
		}
	}
}

// tags reports where a repository has other tags than those of one push, or tags of something else.
func (f *fleet) tags(t *testing.T, text, digest string) {
	t.Helper()
	repository, err := name.NewRepository(text)
	if err != nil {
		t.Fatal(err)
	}
	found, err := remote.List(repository)
	if err != nil {
		t.Fatal(err)
	}
	found = slices.DeleteFunc(found, func(tag string) bool { return strings.HasPrefix(tag, "sha256-") }) // what is attached
	slices.Sort(found)
	content := "content-" + strings.TrimPrefix(digest, "sha256:")[:12]
	if diff := cmp.Diff([]string{content, "v1"}, found); diff != "" {
		t.Errorf("%s: %s", text, diff)
	}
	for _, tag := range found {
		if got := tagged(t, text, tag); got != digest {
			t.Errorf("%s:%s is %s, want %s", text, tag, got, digest)
		}
	}
}

package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

func TestPush(t *testing.T) {
	to := newCounting(t)
	index := sample(t, "linux/amd64", "linux/arm64")
	result := pushTo(t, to.host+"/actions/scratch:dev", index, "1.0", "1")

	digest := digest(t, index)
	if want := to.host + "/actions/scratch@" + digest.String(); result.Reference != want {
		t.Errorf("reference %s, want %s", result.Reference, want)
	}
	tags := []string{ContentTag(digest), "dev", "1.0", "1"}
	for _, tag := range tags {
		if got := named(t, to.host+"/actions/scratch:"+tag); got != digest.String() {
			t.Errorf("%s names %q", tag, got)
		}
	}
	blobs, bytes, _, puts := to.counted()
	if blobs != 4 || bytes != result.Transfer.Uploaded.Bytes {
		t.Errorf("%d blobs of %d bytes came", blobs, bytes)
	}
	if len(puts) != 7 || puts[2] != digest.String() || !slices.Equal(slices.Sorted(slices.Values(puts[3:])), slices.Sorted(slices.Values(tags))) {
		t.Errorf("manifests were put in this order: %v", puts)
	}
	image, list := string(types.OCIManifestSchema1), string(types.OCIImageIndex)
	if diff := cmp.Diff([]string{image, image, list, list, list, list, list}, to.types); diff != "" {
		t.Error(diff)
	}
	want := &Transfer{Uploaded: Blobs{4, bytes}, Manifests: 3}
	if diff := cmp.Diff(want, result.Transfer); diff != "" {
		t.Error(diff)
	}
	reference, err := name.ParseReference(result.Reference)
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Index(reference)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(pulled); err != nil {
		t.Error(err)
	}

	again := pushTo(t, to.host+"/actions/scratch:dev", index, "1.0", "1")
	if blobs, _, mounts, puts := to.counted(); blobs+mounts+len(puts) > 0 {
		t.Errorf("the same again sends %d blobs and puts %v", blobs, puts)
	}
	if again.Transfer.String() != "nothing sent, 4 there" {
		t.Errorf("it says %q", again.Transfer)
	}
}

// TestChangedLayer holds that a changed layer sends that layer, the config, the manifest and the index, and nothing
// else.
func TestChangedLayer(t *testing.T) {
	to := newCounting(t)
	first, second := sharing(t)
	pushTo(t, to.host+"/scratch:1", first)
	to.counted()
	result := pushTo(t, to.host+"/scratch:2", second)
	blobs, _, _, puts := to.counted()
	if blobs != 2 || len(puts) != 4 {
		t.Errorf("%d blobs came, and %v", blobs, puts)
	}
	if got := result.Transfer; got.Uploaded.Blobs != 2 || got.Present.Blobs != 1 || got.Manifests != 2 {
		t.Errorf("it says %+v", got)
	}
}

// TestSharedLayerCountsOnce holds that a layer of several images counts as one blob, even if it was there before. The
// config of an image is sent with every new index.
func TestSharedLayerCountsOnce(t *testing.T) {
	to := newCounting(t)
	layers := make([]v1.Layer, 3)
	for i := range layers {
		layers[i] = static.NewLayer(bytes.Repeat([]byte{byte(i)}, 1000+i), types.OCILayer)
	}
	one := add(t, empty.Index, "linux/amd64", layers[0], layers[1])
	both := add(t, one, "linux/arm64", layers[0], layers[2])
	pushTo(t, to.host+"/scratch:1", one)
	if got := pushTo(t, to.host+"/scratch:2", both).Transfer; got.Uploaded.Blobs != 3 || got.Present.Blobs != 2 {
		t.Errorf("it says %+v", got)
	}
	if got := pushTo(t, to.host+"/scratch:2", both).Transfer; got.Present.Blobs != 5 {
		t.Errorf("it says %+v", got)
	}
}

// TestMount holds that a layer of several images that are pushed together is sent once and mounted for the others, and
// that configs are always sent.
func TestMount(t *testing.T) {
	to := newCounting(t)
	first, second := sharing(t)
	run := publisher(t)
	var mutex sync.Mutex
	var sum Transfer
	var group sync.WaitGroup
	for repository, index := range map[string]v1.ImageIndex{"a": first, "b": second, "c": first} {
		group.Go(func() {
			result, err := tagged(t.Context(), run, Output{Type: Registry, Ref: to.host + "/" + repository}, Image{Name: repository, Index: index}, func(string) {})
			if err != nil {
				t.Error(err)
				return
			}
			mutex.Lock()
			defer mutex.Unlock()
			sum.Uploaded.Blobs += result.Transfer.Uploaded.Blobs
			sum.Mounted.Blobs += result.Transfer.Mounted.Blobs
		})
	}
	group.Wait()
	blobs, _, mounts, _ := to.counted()
	if blobs != 6 || mounts != 3 || sum.Uploaded.Blobs != 6 || sum.Mounted.Blobs != 3 {
		t.Errorf("%d blobs came and %d were mounted; it says %+v", blobs, mounts, sum)
	}
}

// TestMountRefused: a registry may want the blob all the same.
func TestMountRefused(t *testing.T) {
	to := newCounting(t)
	to.before = func(_ http.ResponseWriter, r *http.Request) bool {
		r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "mount=", "ignored=")
		return false
	}
	run := publisher(t)
	index := sample(t, "linux/amd64")
	for _, repository := range []string{"a", "b"} {
		result, err := tagged(t.Context(), run, Output{Type: Registry, Ref: to.host + "/" + repository}, Image{Name: repository, Index: index}, func(string) {})
		if err != nil || result.Transfer.Uploaded.Blobs != 2 {
			t.Errorf("%+v, %v", result.Transfer, err)
		}
	}
}

// TestInterruptedPushIsFinished holds that blobs that arrived before a failure are not sent again.
func TestInterruptedPushIsFinished(t *testing.T) {
	to := newCounting(t)
	index := sample(t, "linux/amd64", "linux/arm64")
	layers := layersOf(t, index)
	var begun sync.WaitGroup
	begun.Add(len(layers))
	to.before = func(w http.ResponseWriter, r *http.Request) bool {
		digest := r.URL.Query().Get("digest")
		if slices.Contains(layers, digest) {
			begun.Done()
		}
		if digest == "" || slices.Contains(layers, digest) {
			return false
		}
		begun.Wait() // then the layers are under way
		w.WriteHeader(http.StatusInsufficientStorage)
		return true
	}
	output := Output{Type: Registry, Ref: to.host + "/scratch:dev"}
	run := publisher(t)
	_, err := tagged(t.Context(), run, output, Image{Name: "scratch", Index: index}, func(string) {})
	want := fmt.Sprintf("push %s/scratch:dev: %s answered 507 Insufficient Storage: it is full, or a quota is used up; free some space there", to.host, to.host)
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	_, _, _, puts := to.counted()
	if len(puts) > 0 || named(t, to.host+"/scratch:dev") != "" {
		t.Errorf("a push that failed has put %v", puts)
	}
	report := []string{fmt.Sprintf("not pushed: %s/scratch:dev (2 blobs of it are there, and are not sent again)", to.host)}
	if diff := cmp.Diff(report, run.Report([]Output{output}, []string{"scratch"})); diff != "" {
		t.Error(diff)
	}

	to.before = nil
	result := pushTo(t, output.Ref, index)
	if blobs, _, _, _ := to.counted(); blobs != 2 || result.Transfer.Present.Blobs != 2 {
		t.Errorf("then %d blobs came; it says %+v", blobs, result.Transfer)
	}
	if named(t, output.Ref) != digest(t, index).String() {
		t.Error("it is not whole")
	}
}

// layersOf returns the digests of the layers of all images.
func layersOf(t *testing.T, index v1.ImageIndex) []string {
	t.Helper()
	blobs, err := blobsOf(index)
	if err != nil {
		t.Fatal(err)
	}
	var layers []string
	for _, blob := range blobs {
		if blob.MediaType.IsLayer() {
			layers = append(layers, blob.Digest.String())
		}
	}
	return layers
}

// TestSameTagAtOnce: one of two pushes wins, as a whole.
func TestSameTagAtOnce(t *testing.T) {
	to := newCounting(t)
	indexes := []v1.ImageIndex{sample(t, "linux/amd64"), sample(t, "linux/amd64")}
	var group sync.WaitGroup
	for _, index := range indexes {
		group.Go(func() { pushTo(t, to.host+"/scratch:dev", index) })
	}
	group.Wait()
	reference, err := name.ParseReference(to.host + "/scratch:dev")
	if err != nil {
		t.Fatal(err)
	}
	won, err := remote.Index(reference)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(won); err != nil {
		t.Error(err)
	}
	if got := digest(t, won); got != digest(t, indexes[0]) && got != digest(t, indexes[1]) {
		t.Errorf("%s is none of them", got)
	}
}

// TestCancelledPush stops in the middle of a blob, and leaves no tag.
func TestCancelledPush(t *testing.T) {
	to := newCounting(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	to.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("digest") {
			cancel()
		}
		return false
	}
	output := Output{Type: Registry, Ref: to.host + "/scratch:dev"}
	_, err := tagged(ctx, publisher(t), output, Image{Name: "scratch", Index: sample(t, "linux/amd64")}, func(string) {})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, _, _, puts := to.counted(); len(puts) > 0 {
		t.Errorf("it has put %v", puts)
	}
}

func TestPushSaysHowFarItIs(t *testing.T) {
	var mutex sync.Mutex
	var last string
	index := sample(t, "linux/amd64")
	output := Output{Type: Registry, Ref: newCounting(t).host + "/scratch"}
	result, err := tagged(t.Context(), publisher(t), output, Image{Name: "scratch", Index: index}, func(text string) {
		mutex.Lock()
		defer mutex.Unlock()
		last = text
	})
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.TrimSuffix(result.Transfer.String(), " sent in 2 blobs")
	if last != whole+" of "+whole {
		t.Errorf("it ended with %q", last)
	}
}

func TestPushExplainsWhatTheRegistryAnswers(t *testing.T) {
	tests := []struct {
		status int
		body   string
		want   string
	}{
		{401, "", "answered 401 Unauthorized: log in with: docker login HOST, or set MKIMAGE_REGISTRY_USER and MKIMAGE_REGISTRY_PASSWORD"},
		{403, `{"errors":[{"code":"DENIED","message":"token=secret"}]}`, "answered 403 Forbidden (DENIED): log in with: docker login HOST, or set MKIMAGE_REGISTRY_USER and MKIMAGE_REGISTRY_PASSWORD"},
		{403, `{"errors":[{"code":"DENIED","message":"your storage quota is used up"}]}`, "answered 403 Forbidden (DENIED): it is full, or a quota is used up; free some space there"},
		{404, "", "answered 404 Not Found: create the repository there, and check that the address is a registry's"},
		{405, "", "answered 405 Method Not Allowed: it takes no uploads; choose another registry"},
		{413, "", "answered 413 Request Entity Too Large: it does not take layers of this size"},
		{418, `{"errors":[{"code":"secret token"}]}`, "answered 418 I'm a teapot: it does not take this image"},
		{200, "<html>", "answered 200 OK: it is no registry of the OCI distribution API (v2); check the address"},
		{503, "", "answered 503 Service Unavailable: try again later; what has arrived is not sent again"},
		{500, `{"errors":[{"code":"UNKNOWN","detail":"write: no space left on device"}]}`, "answered 500 Internal Server Error (UNKNOWN): it is full, or a quota is used up; free some space there"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.status), func(t *testing.T) {
			to := newCounting(t)
			to.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/v2/" || r.Method == http.MethodHead {
					return false
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
				return true
			}
			output := Output{Type: Registry, Ref: to.host + "/scratch"}
			_, err := tagged(t.Context(), publisher(t), output, Image{Name: "scratch", Index: sample(t, "linux/amd64")}, func(string) {})
			want := "push " + to.host + "/scratch:latest: " + to.host + " " + strings.ReplaceAll(test.want, "HOST", to.host)
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			asked := publisher(t).CheckPermission(t.Context(), []Output{output}, []string{"scratch"})
			if want := strings.Replace(want, ":latest", "", 1); asked == nil || asked.Error() != want {
				t.Errorf("before the build: got  %v\nwant %s", asked, want)
			}
		})
	}
}

func TestUnreachableRegistry(t *testing.T) {
	host := freeAddress(t)
	_, err := tagged(t.Context(), publisher(t), Output{Type: Registry, Ref: host + "/scratch"}, Image{Name: "scratch", Index: sample(t, "linux/amd64")}, func(string) {})
	want := "push " + host + "/scratch:latest: no registry answers at " + host + " (connection refused): check the address, and that it runs"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// freeAddress is a loopback address where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	return "127.0.0.1:" + testkit.Port(t)
}

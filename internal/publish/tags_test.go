package publish

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func TestContentTagNeverMoves(t *testing.T) {
	to := newCounting(t)
	index := sample(t, "linux/amd64")
	moved, err := name.NewTag(to.host + "/scratch:" + ContentTag(digest(t, index)))
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(moved, sample(t, "linux/amd64")); err != nil {
		t.Fatal(err)
	}
	to.counted()
	_, err = tagged(t.Context(), publisher(t), Output{Type: Registry, Ref: to.host + "/scratch"}, Image{Name: "scratch", Index: index}, func(string) {})
	if err == nil || !strings.Contains(err.Error(), "somebody has moved it") {
		t.Errorf("got %v", err)
	}
	if blobs, _, _, puts := to.counted(); blobs > 0 || len(puts) > 0 {
		t.Errorf("%d blobs and %v came all the same", blobs, puts)
	}
}

func TestNoOverwrite(t *testing.T) {
	to := newCounting(t)
	first, second := sample(t, "linux/amd64"), sample(t, "linux/amd64")
	pushTo(t, to.host+"/scratch:1.0", first)
	to.counted()

	run := publisher(t)
	run.NoOverwrite = true
	output := Output{Type: Registry, Ref: to.host + "/scratch:1.0", Tags: []string{"1.1"}}
	_, err := tagged(t.Context(), run, output, Image{Name: "scratch", Index: second}, func(string) {})
	want := "push " + to.host + "/scratch:1.0: " + to.host + "/scratch:1.0 exists and names " + digest(t, first).String() +
		": choose another tag, or let it move without --no-overwrite"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if blobs, _, _, puts := to.counted(); blobs > 0 || len(puts) > 0 {
		t.Errorf("%d blobs and %v came all the same", blobs, puts)
	}
	report := []string{"not pushed: " + to.host + "/scratch:1.0, 1.1"}
	if diff := cmp.Diff(report, run.Report([]Output{output}, []string{"scratch"})); diff != "" {
		t.Error(diff)
	}

	if _, err := tagged(t.Context(), run, output, Image{Name: "scratch", Index: first}, func(string) {}); err != nil {
		t.Errorf("the same digest: %v", err)
	}
	report = []string{"pushed: " + to.host + "/scratch@" + digest(t, first).String() + " as " + ContentTag(digest(t, first)) + ", 1.0, 1.1"}
	if diff := cmp.Diff(report, run.Report([]Output{output}, []string{"scratch"})); diff != "" {
		t.Error(diff)
	}
	pushTo(t, to.host+"/scratch:1.0", second)
	if named(t, to.host+"/scratch:1.0") != digest(t, second).String() {
		t.Error("without --no-overwrite it does not move")
	}
}

// TestTagThatIsSetAlready has a registry whose tags never move, and another push that has set one to the same digest
// meanwhile.
func TestTagThatIsSetAlready(t *testing.T) {
	to := newCounting(t)
	index := sample(t, "linux/amd64")
	pushTo(t, to.host+"/scratch:1", index)
	looked := false
	to.before = func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case !strings.HasSuffix(r.URL.Path, "/manifests/1"):
			return false
		case r.Method == http.MethodPut:
			w.WriteHeader(http.StatusConflict)
			return true
		case !looked:
			looked = true
			w.WriteHeader(http.StatusNotFound)
			return true
		}
		return false
	}
	if result := pushTo(t, to.host+"/scratch:1", index); len(result.Tags) != 2 {
		t.Errorf("tags %v", result.Tags)
	}
	_, err := tagged(t.Context(), publisher(t), Output{Type: Registry, Ref: to.host + "/scratch:1"}, Image{Name: "scratch", Index: sample(t, "linux/amd64")}, func(string) {})
	if err == nil || !strings.HasSuffix(err.Error(), "answered 409 Conflict: the tag may not be moved there, so choose another one") {
		t.Errorf("got %v", err)
	}
}

func TestTags(t *testing.T) {
	tests := []struct {
		name   string
		output Output
		want   string
	}{
		{"none", Output{Ref: "r.example.org/a"}, "latest"},
		{"of the reference", Output{Ref: "r.example.org/a:1"}, "1"},
		{"beside it", Output{Ref: "r.example.org/a", Tags: []string{"1", "2"}}, "1 2"},
		{"both", Output{Ref: "r.example.org/a:1", Tags: []string{"2", "1"}}, "1 2"},
		{"latest by name", Output{Ref: "r.example.org/a:latest", Tags: []string{"1"}}, "latest 1"},
		{"a port is no tag", Output{Ref: "r.example.org:5000/a", Tags: []string{"1"}}, "1"},
		{"twice", Output{Ref: "r.example.org/a", Tags: []string{"1", "1"}}, "1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tags, err := publisher(t).tagsOf(test.output)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, tag := range tags {
				got = append(got, tag.TagStr())
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %v, want %s", got, test.want)
			}
		})
	}
}

func TestCheckTag(t *testing.T) {
	for tag, ok := range map[string]bool{
		"1.0": true, "latest": true, "A_b-c.d": true, "contents": true,
		"": false, "a:b": false, "a b": false, "content-0123456789ab": false, "content-x": false, strings.Repeat("x", 129): false,
	} {
		if err := CheckTag(tag); (err == nil) != ok {
			t.Errorf("%q: %v", tag, err)
		}
	}
}

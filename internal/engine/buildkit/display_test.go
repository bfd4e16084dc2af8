package buildkit

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

// statusOf returns a builder's status of one vertex: "begin", "end", "cached", "fail: REASON", or its output.
func statusOf(name, what string) *client.SolveStatus {
	now := time.Unix(60, 0)
	vertex := &client.Vertex{Digest: digest.FromString(name), Name: name, Started: &now}
	switch reason, failed := strings.CutPrefix(what, "fail: "); {
	case what == "begin":
	case what == "end", what == "cached", failed:
		vertex.Completed, vertex.Cached = &now, what == "cached"
		if failed {
			vertex.Error = reason
		}
	default:
		return &client.SolveStatus{Logs: []*client.VertexLog{{Vertex: vertex.Digest, Data: []byte(what)}}}
	}
	return &client.SolveStatus{Vertexes: []*client.Vertex{vertex}}
}

// shown returns what is shown of solves that tell things, each of one image.
func shown(t *testing.T, tell func(follow func(image string) *follower)) []string {
	t.Helper()
	var text bytes.Buffer
	d := newDisplay(progress.New(&text, progress.Plain))
	var all []*follower
	tell(func(image string) *follower {
		s := &solve{builder: &builder{address: "unix:///b"}, plans: []plan.Image{{Name: image, Platform: images.LinuxAMD64}}, step: d.Start(image)}
		f := d.follow(s)
		all = append(all, f)
		return f
	})
	for _, f := range all {
		close(f.statuses)
		<-f.done
	}
	return strings.Split(strings.TrimSpace(regexp.MustCompile(`(, )?[\d.]+m?s\)`).ReplaceAllString(text.String(), ")")), "\n")
}

func TestFollow(t *testing.T) {
	const step = "a: run-1 for linux/amd64 $ make"
	for _, test := range []struct {
		name  string
		tells []*client.SolveStatus
		want  []string
	}{
		{"a step", []*client.SolveStatus{statusOf(step, "begin"), statusOf(step, "cc a.c\ncc"), statusOf(step, " b.c\n"), statusOf(step, "end"), statusOf(step, "end")},
			[]string{"a: run-1 for linux/amd64 | cc a.c", "a: run-1 for linux/amd64 | cc b.c", "done: a: run-1 for linux/amd64 (make)"}},
		{"a step that was performed before", []*client.SolveStatus{statusOf(step, "cached")},
			[]string{"done: a: run-1 for linux/amd64 (cached)"}},
		{"a step that fails", []*client.SolveStatus{statusOf(step, "begin"), statusOf(step, "no rule\n"), statusOf(step, `fail: process "/bin/sh -c \"make\"" did not complete successfully: exit code: 2`)},
			[]string{"a: run-1 for linux/amd64 | no rule", "failed: a: run-1 for linux/amd64 ()"}},
		{"a step that is called off", []*client.SolveStatus{statusOf(step, "begin"), statusOf(step, "fail: context canceled")}, []string{""}},
		{"a step that never ends", []*client.SolveStatus{statusOf(step, "begin")}, []string{""}},
		{"a step that goes on", []*client.SolveStatus{statusOf(step, "begin"), statusOf(step, "end"), statusOf(step, "begin"), statusOf(step, "end")},
			[]string{"done: a: run-1 for linux/amd64 (make)", "done: a: run-1 for linux/amd64 (make)"}},
		{"finished layers are not shown", []*client.SolveStatus{statusOf(quiet+"layer proxy", "begin"), statusOf(quiet+"layer proxy", "x\n"), statusOf(quiet+"layer proxy", "end")}, []string{""}},
		{"a cache", []*client.SolveStatus{statusOf("exporting cache to registry", "begin"), statusOf("exporting cache to registry", "end")},
			[]string{"done: a: exporting cache to registry ()"}},
		{"a cache that is not there", []*client.SolveStatus{statusOf("importing cache manifest from r/c", "fail: failed to configure registry cache importer: r/c:latest: not found")},
			[]string{"done: a: importing cache manifest from r/c (there is none yet)"}},
		{"a cache that cannot be read", []*client.SolveStatus{statusOf("importing cache manifest from r/c", "fail: 401 Unauthorized")},
			[]string{"done: a: importing cache manifest from r/c (nothing taken: 401 Unauthorized)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := shown(t, func(follow func(string) *follower) {
				f := follow("a")
				for _, s := range test.tells {
					f.statuses <- s
				}
			})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFollowShared holds that a step which several images share is shown once.
func TestFollowShared(t *testing.T) {
	const step = "a: run-1 for linux/amd64 $ make"
	got := shown(t, func(follow func(string) *follower) {
		a, b := follow("a"), follow("b")
		for _, what := range []string{"begin", "cc a.c\n", "end"} {
			a.update(statusOf(step, what))
			b.update(statusOf(step, what))
		}
	})
	if diff := cmp.Diff([]string{"a: run-1 for linux/amd64 | cc a.c", "done: a: run-1 for linux/amd64 (make)"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestDoing holds that while several things go on at once, one of them is shown until the last has ended.
func TestDoing(t *testing.T) {
	d := newDisplay(nil)
	f := d.follow(&solve{builder: &builder{}, plans: []plan.Image{{Name: "a"}}, step: d.Start("a")})
	defer close(f.statuses)
	now := time.Unix(60, 0)
	for i, test := range []struct {
		status client.VertexStatus
		want   string
	}{
		{client.VertexStatus{Vertex: "image", ID: "exporting layers"}, "exporting layers"},
		{client.VertexStatus{Vertex: "oci", ID: "exporting layers"}, "exporting layers"},
		{client.VertexStatus{Vertex: "image", ID: "exporting layers", Completed: &now}, "exporting layers"},
		{client.VertexStatus{Vertex: "image", ID: "pushing layers"}, "pushing layers"},
		{client.VertexStatus{Vertex: "oci", ID: "exporting layers", Completed: &now}, "pushing layers"},
		{client.VertexStatus{Vertex: "base", ID: "sha256:1234", Current: 1e6, Total: 3e6}, "1.00 MB of 3.00 MB"},
		{client.VertexStatus{Vertex: "base", ID: "sha256:1234", Current: 3e6, Total: 3e6, Completed: &now}, "pushing layers"},
		{client.VertexStatus{Vertex: "image", ID: "pushing layers", Completed: &now}, ""},
	} {
		f.note(&test.status)
		if got := f.doing(f.whole); got != test.want {
			t.Errorf("%d: got %q, want %q", i, got, test.want)
		}
	}
}

func TestFirstLine(t *testing.T) {
	for _, test := range []struct{ script, want string }{
		{"gem install rack", "gem install rack"},
		{"gem install rack\ngem list\n", "gem install rack …"},
		{"# native\n\n  make\n# done", "make"},
		{"# nothing", ""},
		{strings.Repeat("ü", 61), strings.Repeat("ü", 59) + "…"},
	} {
		if got := firstLine(test.script); got != test.want {
			t.Errorf("%q: got %q, want %q", test.script, got, test.want)
		}
	}
}

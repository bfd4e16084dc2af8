package e2e

import (
	"crypto/rand"
	"encoding/json"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// TestAttached reads back what pushes attach to an image in the distribution registry, which has no referrers API and
// gets the tag sha256-DIGEST.
func TestAttached(t *testing.T) {
	t.Parallel()
	repository := needRegistry(t) + "/e2e/" + strings.ToLower(rand.Text())
	push := func() string {
		pushed, _ := mkimage(t, "build", "scratch", "-o", "type=registry,ref="+repository+":v1", "-o", "type=oci,dest="+t.TempDir()+"/scratch")
		return pushed
	}
	reference := push()
	digest := reference[strings.Index(reference, "@sha256:")+len("@sha256:"):]
	list := tagged(t, repository, "sha256-"+digest)
	if !strings.HasPrefix(list, "sha256:") {
		t.Fatalf("the fall-back tag is %s", list)
	}

	var report struct {
		Platforms []struct {
			Files []struct{ Path string } `json:"files"`
		} `json:"platforms"`
		Attached []struct{ Kind string } `json:"attached"`
		Unknown  []string                `json:"unknown"`
	}
	text, _ := mkimage(t, "inspect", repository+":v1", "--json")
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Attached) != 3 || len(report.Unknown) != 1 || len(report.Platforms) != 2 || report.Platforms[1].Files[0].Path != "bin/proxy" {
		t.Errorf("inspect says %+v", report)
	}
	if csv, _ := mkimage(t, "sizes", "--remote", reference, "--format", "csv"); !strings.Contains(csv, "scratch,linux/arm64,sha256:") {
		t.Errorf("sizes says %s", csv)
	}

	t.Run("pushed again", func(t *testing.T) {
		push()
		if again := tagged(t, repository, "sha256-"+digest); again != list {
			t.Errorf("the fall-back tag was %s, and is %s", list, again)
		}
	})
	t.Run("pushed by several at the same time", func(t *testing.T) {
		fresh := repository + "-fresh"
		var group sync.WaitGroup
		for range 3 {
			dir := t.TempDir()
			group.Go(func() {
				cmd := exec.Command(built.mkimage, "build", "scratch", "-o", "type=registry,ref="+fresh+":v1")
				cmd.Dir = dir
				if text, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, text)
				}
			})
		}
		group.Wait()
		text, _ := mkimage(t, "inspect", fresh+":v1", "--json")
		if err := json.Unmarshal([]byte(text), &report); err != nil {
			t.Fatal(err)
		}
		if len(report.Attached) != 3 {
			t.Errorf("attached is %+v", report.Attached)
		}
	})
}

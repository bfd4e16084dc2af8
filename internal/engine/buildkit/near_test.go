package buildkit_test

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

func buildOnce(t *testing.T, options buildkit.Options, made []plan.Image) v1.Hash {
	t.Helper()
	index, err := open(t, options).Build(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// TestGroundFromTheRegistry holds that a builder takes finished layers from the registry when it has them, with the
// login of this side, and that a step is not run again because its ground came another way.
func TestGroundFromTheRegistry(t *testing.T) {
	t.Parallel()
	own, made := daemontest.Start(t, t.TempDir()), stepPlans(t, "x", chance())
	for name, there := range map[string]*loginRegistry{"distribution": newDistribution(t), "with a login": newRegistry(t)} {
		there.put(t, made[0])
		for _, first := range []string{"from there", "from here"} {
			t.Run(name+" "+first, func(t *testing.T) {
				empty(t, own)
				shown := &lines{}
				near, here := there.options(own, shown), buildkit.Options{Builders: []string{own.Address}, Display: shown.display()}
				order, want := []buildkit.Options{near, here}, []string{"0 of 2", "0 of 2"}
				if first == "from here" {
					order, want = []buildkit.Options{here, near}, []string{"2 of 2", "0 of 2"}
				}
				one, other := buildOnce(t, order[0], made), buildOnce(t, order[1], made)
				if one != other {
					t.Errorf("the step was run again: %s and then %s", one, other)
				}
				for i, line := range shown.with(": build on ") {
					if !strings.Contains(line, want[i]+" layers sent") {
						t.Errorf("build %d: got %s", i+1, line)
					}
				}
				if _, err := remote.Index(there.repository.Digest(one.String()), there.client.Options(t.Context())...); err != nil {
					t.Error(err)
				}
				if strings.Contains(shown.String(), password) {
					t.Errorf("the password is shown: %s", shown)
				}
			})
		}
	}
}

// TestGroundRequests holds what it costs to ask the registry: a question for each layer of an image with steps, and
// where only the manifest is missing that names the layer alone, to put it there, once. The packages of a step are not
// asked for.
func TestGroundRequests(t *testing.T) {
	t.Parallel()
	own, there, shown := daemontest.Start(t, t.TempDir()), newRegistry(t), &lines{}
	step := chance()
	step.Packages = []string{"jq"}
	made := stepPlans(t, "x", step)
	made[0].Layers = made[0].Layers[:1] // the base
	for _, test := range []struct{ name, asked, went string }{
		{"nothing is there", "HEAD blobs, HEAD manifests", "2 of 2"},
		{"the layer is there", "HEAD blobs, HEAD blobs, HEAD manifests, PATCH uploads, POST uploads, PUT manifests, PUT uploads", "1 of 2"},
		{"its manifest too", "HEAD manifests", "1 of 2"},
	} {
		empty(t, own)
		shown.buffer.Reset()
		buildOnce(t, there.options(own, shown), made)
		if got := there.requests(); got != test.asked {
			t.Errorf("%s: asked %s", test.name, got)
		}
		if len(shown.with(test.went+" layers sent")) != 1 {
			t.Errorf("%s: got %s", test.name, shown)
		}
	}
	buildOnce(t, there.options(own, shown), plans(t, "y"))
	if got := there.requests(); got != "" {
		t.Errorf("an image without steps: asked %s", got)
	}
}

// TestGroundThatIsLost holds that an image is built with the layers of this side where the builder cannot get them from
// the registry, although that says that it has them.
func TestGroundThatIsLost(t *testing.T) {
	t.Parallel()
	own, there, shown := daemontest.Start(t, t.TempDir()), newRegistry(t), &lines{}
	made := stepPlans(t, "x", images.Step{Script: "echo made > /etc/made"})
	there.put(t, made[0])
	for _, l := range made[0].Layers {
		digest, err := l.Digest()
		if err != nil {
			t.Fatal(err)
		}
		there.lost = append(there.lost, digest.String())
	}
	buildOnce(t, there.options(own, shown), made)
	if len(shown.with("x: built again, with layers from here: ")) != 1 || len(shown.with("2 of 2 layers sent")) != 1 {
		t.Errorf("got %s", shown)
	}
}

// TestGroundFromTheCache holds that with a cache in a registry not even the packages of a step go to the builder again,
// also when the step has changed.
func TestGroundFromTheCache(t *testing.T) {
	t.Parallel()
	own, there, shown := daemontest.Start(t, t.TempDir()), newRegistry(t), &lines{}
	place := []buildkit.Cache{{Type: "registry", Where: there.repository.RegistryStr() + "/cache/{name}"}}
	options := buildkit.Options{Builders: []string{own.Address}, Display: shown.display(), Keychain: there.client.Keychain(), CacheTo: place, CacheFrom: place}
	step := images.Step{Script: "echo one > /etc/made", Packages: []string{"jq"}}
	buildOnce(t, options, stepPlans(t, "x", step))
	empty(t, own)
	step.Script = "echo two > /etc/made"
	buildOnce(t, options, stepPlans(t, "x", step))
	if len(shown.with("3 of 3 layers sent")) != 1 || len(shown.with("1 of 3 layers sent")) != 1 { // the proxy
		t.Errorf("got %s", shown)
	}
}

// TestFailingStepRunsOnce holds that a step that fails is not tried again.
func TestFailingStepRunsOnce(t *testing.T) {
	t.Parallel()
	own, there, shown := daemontest.Start(t, t.TempDir()), newRegistry(t), &lines{}
	made := stepPlans(t, "x", images.Step{Script: "echo it runs $((1 + 1)); exit 7"})
	there.put(t, made[0])
	_, err := open(t, there.options(own, shown)).Build(t.Context(), made)
	if err == nil || !strings.Contains(err.Error(), "ended with exit status 7") {
		t.Errorf("got %v", err)
	}
	if ran := len(shown.with("it runs 2")); ran != 1 {
		t.Errorf("it ran %d times: %s", ran, shown)
	}
}

package buildkit_test

import (
	"io"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
)

const password = "sesame-4711"

// login is a keychain that knows one password.
type login string

func (l login) Resolve(authn.Resource) (authn.Authenticator, error) {
	return &authn.Basic{Username: "me", Password: string(l)}, nil
}

// guarded starts a registry that wants a login, and returns its address.
func guarded(t *testing.T) string {
	behind := registry.New(registry.Logger(stdlog.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, given, _ := r.BasicAuth(); user != "me" || given != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="a registry"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// TestPush holds that the builder pushes with the login of mkimage, by digest and without a tag.
func TestPush(t *testing.T) {
	t.Parallel()
	host := guarded(t)
	repository, err := name.NewRepository(host + "/actions/x")
	if err != nil {
		t.Fatal(err)
	}
	to := func(string) []string { return []string{repository.Name()} }
	shown := &lines{}

	wrong := open(t, buildkit.Options{Push: to, Keychain: login("wrong-0815"), Display: shown.display()})
	if _, err := wrong.Build(t.Context(), plans(t, "x")); err == nil || !strings.Contains(err.Error(), "401") || strings.Contains(err.Error(), "wrong-0815") {
		t.Errorf("a wrong password: got %v", err)
	}

	nowhere := open(t, buildkit.Options{Push: func(string) []string { return []string{"127.0.0.1:1/actions/x"} }, Keychain: login(password)})
	if _, err := nowhere.Build(t.Context(), plans(t, "x")); err == nil || !strings.HasSuffix(err.Error(), "(builders push from where they run: https://github.com/sciabarracom/openwhisk-runtime-go/blob/main/docs/buildkit.md#pushing)") {
		t.Errorf("a registry that is not there: got %v", err)
	}

	e := open(t, buildkit.Options{Push: to, Keychain: login(password), Display: shown.display()})
	built, err := e.Build(t.Context(), plans(t, "x"))
	if err != nil {
		t.Fatal(err)
	}
	digest, err := built.Digest()
	if err != nil {
		t.Fatal(err)
	}
	access := remote.WithAuthFromKeychain(login(password))
	pushed, err := remote.Index(repository.Digest(digest.String()), access)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(pushed); err != nil {
		t.Error(err)
	}
	if tags, err := remote.List(repository, access); err == nil && len(tags) > 0 {
		t.Errorf("the builder has set the tags %v", tags)
	}
	for _, secret := range []string{password, "wrong-0815"} {
		if strings.Contains(shown.String(), secret) {
			t.Errorf("a password is shown: %s", shown)
		}
	}
}

// TestPushOfWhatIsThere holds that a layer that the registry has is not sent, even if the builder has never seen it.
func TestPushOfWhatIsThere(t *testing.T) {
	t.Parallel()
	own, host := daemontest.Start(t, t.TempDir()), guarded(t)
	repository, err := name.NewRepository(host + "/actions/x")
	if err != nil {
		t.Fatal(err)
	}
	made := plans(t, "x")
	index, err := embedded.Engine{}.Build(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	digests, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, described := range digests.Manifests {
		img, err := index.Image(described.Digest)
		if err != nil {
			t.Fatal(err)
		}
		layers, err := img.Layers()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range layers {
			if err := remote.WriteLayer(repository, l, remote.WithAuthFromKeychain(login(password))); err != nil {
				t.Fatal(err)
			}
		}
	}
	shown := &lines{}
	e := open(t, buildkit.Options{
		Builders: []string{own.Address}, Display: shown.display(), Keychain: login(password),
		Push: func(string) []string { return []string{repository.Name()} },
	})
	if _, err := e.Build(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	if len(shown.with("0 of 3 layers sent, 0 B")) != 1 {
		t.Errorf("got %s", shown)
	}
}

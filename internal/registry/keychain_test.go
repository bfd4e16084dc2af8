package registry

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// noLogins hides the logins of the user who runs the tests, and returns the folders in which a test can put others.
func noLogins(t *testing.T) (docker, runtime, settings string) {
	t.Helper()
	docker, runtime, settings = t.TempDir(), t.TempDir(), t.TempDir()
	for variable, value := range map[string]string{"HOME": t.TempDir(), "DOCKER_CONFIG": docker, "XDG_RUNTIME_DIR": runtime,
		"XDG_CONFIG_HOME": settings, "REGISTRY_AUTH_FILE": "", "DOCKER_AUTH_CONFIG": ""} {
		t.Setenv(variable, value)
	}
	return docker, runtime, settings
}

func writeFile(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// auths is a file as docker login writes it, from "KEY USER:PASSWORD".
func auths(entries ...string) string {
	var fields []string
	for _, entry := range entries {
		key, login, _ := strings.Cut(entry, " ")
		fields = append(fields, fmt.Sprintf(`%q: {"auth": %q}`, key, base64.StdEncoding.EncodeToString([]byte(login))))
	}
	return `{"auths": {` + strings.Join(fields, ", ") + `}}`
}

func TestLogins(t *testing.T) {
	tests := []struct {
		name  string
		setup func(t *testing.T, docker, runtime, settings string) Access
		repo  string
		user  string // "" is nobody
	}{
		{"none", func(*testing.T, string, string, string) Access { return Access{} }, "r.example.org/a", ""},
		{"docker login", func(t *testing.T, docker, _, _ string) Access {
			writeFile(t, filepath.Join(docker, "config.json"), auths("r.example.org docker:1"), 0o600)
			return Access{}
		}, "r.example.org/a", "docker"},
		{"docker login elsewhere", func(t *testing.T, docker, _, _ string) Access {
			writeFile(t, filepath.Join(docker, "config.json"), auths("r.example.org docker:1"), 0o600)
			return Access{}
		}, "s.example.org/a", ""},
		{"docker login, in the home", func(t *testing.T, _, _, _ string) Access {
			t.Setenv("DOCKER_CONFIG", "")
			writeFile(t, filepath.Join(os.Getenv("HOME"), ".docker", "config.json"), auths("r.example.org home:1"), 0o600)
			return Access{}
		}, "r.example.org/a", "home"},
		{"docker login to Docker Hub", func(t *testing.T, docker, _, _ string) Access {
			writeFile(t, filepath.Join(docker, "config.json"), auths("https://index.docker.io/v1/ hub:1"), 0o600)
			return Access{}
		}, "me/a", "hub"},
		{"podman login to Docker Hub", func(t *testing.T, _, runtime, _ string) Access {
			writeFile(t, filepath.Join(runtime, "containers", "auth.json"), auths("docker.io hub:1"), 0o600)
			return Access{}
		}, "me/a", "hub"},
		{"podman login to a part of Docker Hub", func(t *testing.T, _, runtime, _ string) Access {
			writeFile(t, filepath.Join(runtime, "containers", "auth.json"), auths("docker.io hub:1", "docker.io/you part:1", "docker.io/you/app one:1"), 0o600)
			return Access{}
		}, "you/b", "part"},
		{"podman login to a repository of Docker Hub", func(t *testing.T, _, runtime, _ string) Access {
			writeFile(t, filepath.Join(runtime, "containers", "auth.json"), auths("docker.io hub:1", "docker.io/you part:1", "docker.io/you/app one:1"), 0o600)
			return Access{}
		}, "docker.io/you/app", "one"},
		{"podman login to an image that Docker maintains", func(t *testing.T, _, runtime, _ string) Access {
			writeFile(t, filepath.Join(runtime, "containers", "auth.json"), auths("docker.io/library library:1"), 0o600)
			return Access{}
		}, "alpine", "library"},
		{"a login to a part of Docker Hub by another name", func(t *testing.T, _, runtime, _ string) Access {
			writeFile(t, filepath.Join(runtime, "containers", "auth.json"), auths("index.docker.io/you part:1"), 0o600)
			return Access{}
		}, "you/app", "part"},
		{"a login to Docker Hub by another name", func(t *testing.T, docker, _, _ string) Access {
			writeFile(t, filepath.Join(docker, "config.json"), auths("registry-1.docker.io hub:1"), 0o600)
			return Access{}
		}, "you/app", "hub"},
		{"podman login to a part of Docker Hub, for another", func(t *testing.T, _, runtime, _ string) Access {
			writeFile(t, filepath.Join(runtime, "containers", "auth.json"), auths("docker.io/you part:1"), 0o600)
			return Access{}
		}, "yours/app", ""},
		{"podman login", func(t *testing.T, docker, runtime, _ string) Access {
			writeFile(t, filepath.Join(docker, "config.json"), auths("s.example.org docker:1"), 0o600)
			writeFile(t, filepath.Join(runtime, "containers", "auth.json"), auths("r.example.org podman:1"), 0o600)
			return Access{}
		}, "r.example.org/a", "podman"},
		{"podman login that lasts", func(t *testing.T, _, _, settings string) Access {
			writeFile(t, filepath.Join(settings, "containers", "auth.json"), auths("r.example.org lasting:1"), 0o600)
			return Access{}
		}, "r.example.org/a", "lasting"},
		{"podman login for a part of a registry", func(t *testing.T, _, runtime, _ string) Access {
			writeFile(t, filepath.Join(runtime, "containers", "auth.json"), auths("r.example.org all:1", "r.example.org/team team:1"), 0o600)
			return Access{}
		}, "r.example.org/team/a/b", "team"},
		{"podman login for another part", func(t *testing.T, _, runtime, _ string) Access {
			writeFile(t, filepath.Join(runtime, "containers", "auth.json"), auths("r.example.org all:1", "r.example.org/team team:1"), 0o600)
			return Access{}
		}, "r.example.org/teams/a", "all"},
		{"REGISTRY_AUTH_FILE comes first", func(t *testing.T, docker, _, _ string) Access {
			writeFile(t, filepath.Join(docker, "config.json"), auths("r.example.org docker:1"), 0o600)
			t.Setenv("REGISTRY_AUTH_FILE", writeFile(t, filepath.Join(t.TempDir(), "auth"), auths("r.example.org named:1"), 0o600))
			return Access{}
		}, "r.example.org/a", "named"},
		{"DOCKER_AUTH_CONFIG", func(t *testing.T, _, _, _ string) Access {
			t.Setenv("DOCKER_AUTH_CONFIG", auths("r.example.org variable:1"))
			return Access{}
		}, "r.example.org/a", "variable"},
		{"a given one comes before all", func(t *testing.T, docker, _, _ string) Access {
			writeFile(t, filepath.Join(docker, "config.json"), auths("r.example.org docker:1"), 0o600)
			return Access{User: "given", Password: "1", Hosts: []string{"r.example.org"}}
		}, "r.example.org/a", "given"},
		{"a given one is for its registry alone", func(*testing.T, string, string, string) Access {
			return Access{User: "given", Password: "1", Hosts: []string{"r.example.org"}}
		}, "s.example.org/a", ""},
		{"a given one is for its port alone", func(*testing.T, string, string, string) Access {
			return Access{User: "given", Password: "1", Hosts: []string{"r.example.org"}}
		}, "r.example.org:5000/a", ""},
		{"a credential helper", func(t *testing.T, docker, _, _ string) Access {
			helper(t, `printf '{"Username": "helped", "Secret": "1"}'`)
			writeFile(t, filepath.Join(docker, "config.json"), `{"credHelpers": {"r.example.org": "test"}}`, 0o600)
			return Access{}
		}, "r.example.org/a", "helped"},
		{"a credential store that has none", func(t *testing.T, docker, _, _ string) Access {
			helper(t, `echo "credentials not found in native keychain"; exit 1`)
			writeFile(t, filepath.Join(docker, "config.json"), `{"credsStore": "test"}`, 0o600)
			return Access{}
		}, "r.example.org/a", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			docker, runtime, settings := noLogins(t)
			keys := newKeychain(test.setup(t, docker, runtime, settings))
			repository, err := name.NewRepository(test.repo)
			if err != nil {
				t.Fatal(err)
			}
			login, err := keys.ResolveContext(t.Context(), repository)
			if err != nil {
				t.Fatal(err)
			}
			config, err := authn.Authorization(t.Context(), login)
			if err != nil {
				t.Fatal(err)
			}
			if config.Username != test.user {
				t.Errorf("it is %q, want %q", config.Username, test.user)
			}
		})
	}
}

// helper puts docker-credential-test into the path.
func helper(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "docker-credential-test"), "#!/bin/sh\n"+script+"\n", 0o755)
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

func TestLoginsThatCannotBeRead(t *testing.T) {
	tests := []struct {
		name  string
		setup func(t *testing.T, docker string)
		want  string
	}{
		{"no JSON", func(t *testing.T, docker string) {
			writeFile(t, filepath.Join(docker, "config.json"), "secret", 0o600)
		}, "config.json is not what docker login or podman login writes: mend it, or remove it and log in again"},
		{"a helper that fails", func(t *testing.T, docker string) {
			helper(t, `echo secret; exit 1`)
			writeFile(t, filepath.Join(docker, "config.json"), `{"credsStore": "test"}`, 0o600)
		}, "config.json names, fails: try it with: echo r.example.org | docker-credential-test get"},
		{"a helper that is not there", func(t *testing.T, docker string) {
			writeFile(t, filepath.Join(docker, "config.json"), `{"credHelpers": {"r.example.org": "absent"}}`, 0o600)
		}, "config.json names, fails: try it with: echo r.example.org | docker-credential-absent get"},
		{"a named file that is not there", func(t *testing.T, docker string) {
			t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(docker, "absent"))
		}, "absent: no such file or directory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			docker, _, _ := noLogins(t)
			test.setup(t, docker)
			client := open(t, Access{})
			repository, err := client.Repository("r.example.org/a")
			if err != nil {
				t.Fatal(err)
			}
			err = client.Explain("push", repository, client.CheckPush(t.Context(), repository))
			if err == nil || !strings.HasSuffix(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "push r.example.org/a: look up the login for r.example.org: ") {
				t.Errorf("got %v", err)
			}
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
				t.Errorf("it tells too much: %v", err)
			}
		})
	}
}

// TestHelperIsAskedOnce: a helper may want a finger on a sensor.
func TestHelperIsAskedOnce(t *testing.T) {
	docker, _, _ := noLogins(t)
	log := filepath.Join(t.TempDir(), "log")
	helper(t, `echo asked >>`+log+`; printf '{"Username": "helped", "Secret": "1"}'`)
	writeFile(t, filepath.Join(docker, "config.json"), `{"credsStore": "test"}`, 0o600)
	keys := newKeychain(Access{})
	for _, repository := range []string{"r.example.org/a", "r.example.org/b", "r.example.org/a"} {
		target, err := name.NewRepository(repository)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.ResolveContext(t.Context(), target); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(log); err != nil || string(text) != "asked\n" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestLoginStaysWithItsRegistry sends a client to other hosts, by redirects and by addresses for uploads: none of them
// sees the login, and the token service sees the password where its protocol wants it.
func TestLoginStaysWithItsRegistry(t *testing.T) {
	noLogins(t)
	var mutex sync.Mutex
	seen := map[string][]string{} // the Authorization headers, by who got them
	note := func(who string, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		seen[who] = append(seen[who], r.Header.Get("Authorization"))
	}
	inner := newRegistry()
	elsewhere := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note("elsewhere", r)
		inner.ServeHTTP(w, r)
	}))
	var host string
	host = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			note("token", r)
			fmt.Fprint(w, `{"token": "t0ken"}`)
		case r.Header.Get("Authorization") != "Bearer t0ken":
			note("registry", r)
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+host+`/token",service="test"`)
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/v2/":
		case r.Method == http.MethodHead:
			w.Header().Set("Location", "http://"+elsewhere+r.URL.Path)
			w.WriteHeader(http.StatusTemporaryRedirect)
		case r.Method == http.MethodPost:
			w.Header().Set("Location", "http://"+elsewhere+"/v2/a/blobs/uploads/1")
			w.WriteHeader(http.StatusAccepted)
		}
	}))
	client := open(t, Access{User: "me", Password: "secret", Hosts: []string{host}})
	if _, err := client.Head(t.Context(), tagOf(t, client, host+"/a")); err != nil {
		t.Fatal(err)
	}
	if err := client.CheckPush(t.Context(), tagOf(t, client, host+"/a").Repository); err != nil {
		t.Fatal(err)
	}
	mutex.Lock()
	defer mutex.Unlock()
	if len(seen["elsewhere"]) == 0 || strings.Join(seen["elsewhere"], "") != "" {
		t.Errorf("elsewhere saw %q", seen["elsewhere"])
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:secret"))
	for _, header := range seen["token"] {
		if header != basic {
			t.Errorf("the token service saw %q", header)
		}
	}
	for _, header := range seen["registry"] {
		if header != "" {
			t.Errorf("the registry saw %q", header)
		}
	}
}

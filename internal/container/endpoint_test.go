package container

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// alone clears what the machine says about an engine, and returns docker's own folder.
func alone(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION"} {
		t.Setenv(name, "")
	}
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	return dir
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestFind: the engine is the one that docker would take, in its order.
func TestFind(t *testing.T) {
	tests := []struct {
		name         string
		environment  map[string]string
		current      string // of config.json
		want, reason string
	}{
		{name: "nothing said", want: client.DefaultDockerHost},
		{name: "a host", environment: map[string]string{"DOCKER_HOST": "tcp://engine:1234"}, want: "tcp://engine:1234"},
		{name: "a host without a port", environment: map[string]string{"DOCKER_HOST": "tcp://engine"}, want: "tcp://engine:2375"},
		{name: "a host without a scheme", environment: map[string]string{"DOCKER_HOST": "engine:1234"}, want: "tcp://engine:1234"},
		{name: "a host of no kind", environment: map[string]string{"DOCKER_HOST": "ftp://engine"}, reason: "DOCKER_HOST=ftp://engine: "},
		{name: "a host by ssh", environment: map[string]string{"DOCKER_HOST": "ssh://me@engine"}, want: "ssh://me@engine"},
		{name: "the context in use", current: "colima", want: "unix:///colima.sock (docker's context colima)"},
		{name: "a context of the environment", environment: map[string]string{"DOCKER_CONTEXT": "far"}, current: "colima", want: "ssh://me@far (docker's context far)"},
		{name: "a host before contexts", environment: map[string]string{"DOCKER_HOST": "unix:///a", "DOCKER_CONTEXT": "far"}, current: "colima", want: "unix:///a"},
		{name: "the context default", environment: map[string]string{"DOCKER_CONTEXT": "default"}, current: "colima", want: client.DefaultDockerHost},
		{name: "no such context", environment: map[string]string{"DOCKER_CONTEXT": "none"}, reason: `docker's context "none": `},
		{name: "a context without an engine", environment: map[string]string{"DOCKER_CONTEXT": "empty"}, reason: `docker's context "empty": `},
		{name: "certificates that are not there", environment: map[string]string{"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/none"}, reason: "read the certificates of the Docker Engine: open /none/ca.pem"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := alone(t)
			for name, value := range test.environment {
				t.Setenv(name, value)
			}
			if test.current != "" {
				writeFile(t, filepath.Join(dir, "config.json"), fmt.Sprintf(`{"currentContext":%q}`, test.current))
			}
			for name, endpoints := range map[string]string{
				"colima": `{"docker":{"Host":"unix:///colima.sock"}}`, "far": `{"docker":{"Host":"ssh://me@far"}}`, "empty": `{}`,
			} {
				id := fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
				writeFile(t, filepath.Join(dir, "contexts", "meta", id, "meta.json"), fmt.Sprintf(`{"Name":%q,"Metadata":{},"Endpoints":%s}`, name, endpoints))
			}
			found, err := find()
			switch {
			case test.reason != "":
				if err == nil || !strings.HasPrefix(err.Error(), test.reason) || strings.Contains(err.Error(), "\n") {
					t.Errorf("got %v, want %q", err, test.reason)
				}
			case err != nil || found.String() != test.want:
				t.Errorf("got %s, %v, want %s", found, err, test.want)
			}
		})
	}
}

// TestCertificates: where docker asks an engine by TLS, so does mkimage, also with the certificates of its own folder.
func TestCertificates(t *testing.T) {
	dir := alone(t)
	writeFile(t, filepath.Join(dir, "ca.pem"), "a certificate")
	t.Setenv("DOCKER_HOST", "tcp://engine:2376")
	for name, unsafe := range map[string]bool{"DOCKER_TLS_VERIFY": false, "DOCKER_TLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "1")
			found, err := find()
			if err != nil || found.TLSData == nil || string(found.TLSData.CA) != "a certificate" || found.SkipTLSVerify != unsafe {
				t.Errorf("got %+v, %v", found, err)
			}
		})
	}
}

// TestWhereAPortIs: on the engine's machine, whose loopback address is another one than ours.
func TestWhereAPortIs(t *testing.T) {
	for host, want := range map[string]string{
		"unix:///var/run/docker.sock": "127.0.0.1 http://127.0.0.1:80",
		"tcp://127.0.0.1:2375":        "127.0.0.1 http://127.0.0.1:80",
		"tcp://localhost:2375":        "127.0.0.1 http://127.0.0.1:80",
		"tcp://[::1]:2375":            "127.0.0.1 http://127.0.0.1:80",
		"tcp://docker:2375":           " http://docker:80",
		"tcp://[2001:db8::1]:2375":    " http://[2001:db8::1]:80",
		"ssh://me@engine":             "127.0.0.1 http://127.0.0.1:80",
	} {
		e := endpoint{}
		e.Host = host
		bound := ""
		if ip := e.binding().HostIP; ip.IsValid() {
			bound = ip.String()
		}
		if got := bound + " " + e.url("80"); got != want {
			t.Errorf("%s: got %q, want %q", host, got, want)
		}
	}
}

// TestThroughSSH: an engine by ssh is reached by the program ssh, and what that says is told.
func TestThroughSSH(t *testing.T) {
	alone(t)
	t.Setenv("DOCKER_HOST", "ssh://me@engine.example")
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	if _, err := connected(t).Has(t.Context(), "hello"); err == nil || !strings.Contains(err.Error(), "there is no program ssh on the PATH") {
		t.Errorf("got %v", err)
	}
	testkit.WriteProgram(t, filepath.Join(bin, "ssh"), "#!/bin/sh\necho 'me@engine.example: Permission denied (publickey).' >&2\nexit 255\n")
	_, err := connected(t).Has(t.Context(), "hello")
	want := "look for hello: no Docker Engine answers at ssh://me@engine.example: ssh said: me@engine.example: Permission denied (publickey)"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func connected(t *testing.T) *Engine {
	t.Helper()
	engine, err := Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Close)
	return engine
}

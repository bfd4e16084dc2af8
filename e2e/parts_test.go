package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// missing ends a test whose part is absent: it skips it with the reason, and fails it where all parts have to be there.
func missing(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

func needProgram(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		missing(t, "no "+name+" on the PATH; ci/services installs it")
	}
}

// needEngine asks for a Docker Engine on this machine.
func needEngine(t *testing.T) {
	t.Helper()
	needProgram(t, "docker")
	text, err := exec.Command("docker", "version", "--format", "{{.Server.Version}}").CombinedOutput()
	if err != nil {
		missing(t, "no Docker Engine answers (ci/services starts one): "+strings.TrimSpace(string(text)))
	}
}

// needRegistry asks for a registry and returns its host:port.
func needRegistry(t *testing.T) string {
	t.Helper()
	address := os.Getenv("MKIMAGE_TEST_REGISTRY")
	if address == "" {
		missing(t, "MKIMAGE_TEST_REGISTRY is not set; ci/services starts a registry")
	}
	resp, err := http.Get("http://" + address + "/v2/")
	if err != nil {
		missing(t, "no registry answers at MKIMAGE_TEST_REGISTRY: "+err.Error())
	}
	resp.Body.Close()
	return address
}

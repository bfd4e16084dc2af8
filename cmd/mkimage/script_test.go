package main

import (
	"debug/elf"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry/registrytest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/wsk/wsktest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestScript runs the stories in testdata/script. What they have beside testscript's own commands:
//
//	registry [QUIRK...]  starts a registry, whose address is then in $REGISTRY; registrytest has the quirks
//	githost DIR     serves the git repositories in a folder by https; the address is then in $GITHOST
//	silence         starts a registry that never answers when a layer comes; its address is then in $SILENCE
//	digest REF      sets $DIGEST to what a registry has for a reference, and $SHORT to its first 12 digits
//	program FILE MACHINE  writes a static program of nothing but its headers for amd64 or arm64
//	exits N CMD...  runs a command that must end with this exit status
//	appears FILE    waits until there is a file
//	free port       sets $PORT to a port of this machine that nobody listens on
//	listens PORT    waits until somebody listens on a port of this machine
//	mirror [VERSION]  writes a small Alpine mirror into the folder mirror, whose key is then in $KEY
//	openwhisk       starts a stub of OpenWhisk's API; its URL is then in $OPENWHISK, and $OPENWHISK_KEY is the key to it
//	container STATUS BODY [LOCATION]  starts what answers every run so; its URL is then in $CONTAINER
//	asked FILE      writes what that stub was asked into a file: a line for method, URL and body of each request
//	$CACHE          a cache folder that all stories share
//	$BUILDER        the address of a BuildKit daemon; the condition [builder] says whether there is one, and [emulated]
//	                whether it runs programs of linux/amd64 and linux/arm64
//	$GENUINE_MIRROR  what MKIMAGE_ALPINE_MIRROR is for these tests, as are _KEYS and _RELEASE; the condition [genuine] says
//	                whether it is set
//	$n              a line end
//	$BIN            the folder of mkimage, which holds no go command
//	$REPOSITORY     this checkout, which modules of the stories require
//
// The mkimage of the stories is built as users build it, without the race detector, under which compression takes
// twenty times as long; internal/build is what that looks at.
func TestScript(t *testing.T) {
	bin := filepath.Dir(testkit.Compile(t, "."))
	cache := t.TempDir()
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	environment := goEnvironment(t)
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, environment...)
			env.Setenv("MKIMAGE_CACHE_DIR", cache)
			env.Setenv("MKIMAGE_PROGRESS", "plain")
			env.Setenv("CACHE", cache)
			env.Values[stubOf] = wsktest.New()
			for _, name := range []string{"MIRROR", "KEYS", "RELEASE"} {
				env.Setenv("GENUINE_"+name, os.Getenv("MKIMAGE_ALPINE_"+name))
			}
			env.Setenv("BUILDER", os.Getenv("MKIMAGE_TEST_BUILDKIT"))
			env.Setenv("n", "\n")
			env.Setenv("BIN", bin)
			env.Setenv("REPOSITORY", repository)
			env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"registry": startRegistry, "githost": startGitHost, "silence": startSilence, "digest": getDigest, "appears": awaitFile, "exits": exits,
			"free": freePort, "listens": awaitPort, "mirror": writeMirror,
			"openwhisk": startOpenWhisk, "asked": writeAsked, "container": startContainer, "program": writeProgram,
		},
		Condition: func(condition string) (bool, error) {
			switch condition {
			case "mount":
				return canMount(t), nil
			case "genuine":
				return os.Getenv("MKIMAGE_ALPINE_MIRROR") != "", nil
			case "builder":
				address := os.Getenv("MKIMAGE_TEST_BUILDKIT")
				if address == "" && os.Getenv("CI") == "true" {
					return false, errors.New("no builder: ci/services starts one and sets $MKIMAGE_TEST_BUILDKIT")
				}
				return address != "", nil
			case "emulated":
				platforms := os.Getenv("MKIMAGE_TEST_BUILDKIT_PLATFORMS")
				return strings.Contains(platforms, "linux/amd64") && strings.Contains(platforms, "linux/arm64"), nil
			}
			return false, fmt.Errorf("no condition %s", condition)
		},
	})
}

// goEnvironment returns the go command's folders and proxies of this machine, because scripts have another home.
func goEnvironment(t *testing.T) []string {
	text, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GONOSUMDB").Output()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	if err := json.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	var environment []string
	for name, value := range values {
		environment = append(environment, name+"="+value)
	}
	return environment
}

func startRegistry(ts *testscript.TestScript, _ bool, quirks []string) {
	server, stop, err := registrytest.Listen(quirks...)
	ts.Check(err)
	ts.Defer(stop)
	ts.Setenv("REGISTRY", server.Host)
}

func startGitHost(ts *testscript.TestScript, _ bool, args []string) {
	git, err := exec.LookPath("git")
	ts.Check(err)
	server := httptest.NewTLSServer(&cgi.Handler{Path: git, Args: []string{"http-backend"}, Env: []string{
		"GIT_PROJECT_ROOT=" + ts.MkAbs(args[0]), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"}})
	ts.Defer(server.Close)
	authority := ts.MkAbs("githost.pem")
	ts.Check(os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o644))
	ts.Setenv("GIT_SSL_CAINFO", authority)
	ts.Setenv("GITHOST", server.URL)
}

func startSilence(ts *testscript.TestScript, _ bool, _ []string) {
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if (r.Method == http.MethodPatch || r.URL.Query().Has("digest")) && r.ContentLength > int64(len("{}")) {
			<-over
		}
		inner.ServeHTTP(w, r)
	}))
	ts.Defer(server.Close)
	ts.Defer(func() { close(over) })
	ts.Setenv("SILENCE", strings.TrimPrefix(server.URL, "http://"))
}

func getDigest(ts *testscript.TestScript, _ bool, args []string) {
	reference, err := name.ParseReference(args[0])
	ts.Check(err)
	descriptor, err := remote.Head(reference)
	ts.Check(err)
	ts.Setenv("DIGEST", descriptor.Digest.String())
	ts.Setenv("SHORT", descriptor.Digest.Hex[:12])
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	status := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if want := args[0]; fmt.Sprint(status) != want {
		ts.Fatalf("exit status %d, want %s", status, want)
	}
}

func awaitFile(ts *testscript.TestScript, _ bool, args []string) {
	testkit.Await(ts, "the file "+args[0], func() bool {
		_, err := os.Stat(ts.MkAbs(args[0]))
		return err == nil
	})
}

func writeProgram(ts *testscript.TestScript, _ bool, args []string) {
	machine := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[args[1]]
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), testkit.Static(machine, args[1]), 0o644))
}

func freePort(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Setenv("PORT", testkit.Port(ts))
}

func awaitPort(ts *testscript.TestScript, _ bool, args []string) {
	testkit.Await(ts, "somebody listens on port "+args[0], func() bool {
		connection, err := net.Dial("tcp", "127.0.0.1:"+args[0])
		if err == nil {
			ts.Check(connection.Close())
		}
		return err == nil
	})
}

// canMount says whether this user may mount a small file system, to fill it.
func canMount(t *testing.T) bool {
	if os.Getuid() != 0 {
		return false
	}
	dir := t.TempDir()
	if err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m", "none", dir).Run(); err != nil {
		return false
	}
	return exec.Command("umount", dir).Run() == nil
}

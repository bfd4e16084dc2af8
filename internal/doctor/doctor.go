// Package doctor looks at everything on a machine that mkimage works with, and says what works, what does not, and what
// to do about it.
//
//	findings := doctor.Examine(ctx, doctor.Options{Toolchain: "go1.26.8"})
package doctor

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/container"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/wsk"
)

// patience is how long each part may take to answer.
const patience = 10 * time.Second

// State says how a part is.
type State string

// The states of a part.
const (
	OK     State = "ok"
	Broken State = "broken" // it is there, or asked for, and does not work
	Absent State = "absent" // nobody has set it up, and much works without
)

// Finding is the result for a part.
type Finding struct {
	Part   string `json:"part"`
	State  State  `json:"state"`
	Detail string `json:"detail"`
	ToDo   string `json:"todo,omitempty"`
}

// Options says which parts are used.
type Options struct {
	Toolchain string // the release of Go that programs are compiled with
	Carries   bool   // mkimage has the compiled proxies inside
	Cache     cache.Dir
	Alpine    *apkfs.Source // nil where it could not be opened, as AlpineErr says
	AlpineErr error
	Release   string // of Alpine
	Builders  []string
	TLS       buildkit.TLS
	Repo      string // images are pushed to Repo/NAME; "" is unset
	// Push asks the registry of Repo whether the login may push, and returns how the login is called.
	Push    func(ctx context.Context) error
	APIHost string // of a project; "" leaves it to the environment and .wskprops
}

// Examine looks at all parts at the same time, and returns findings in a fixed order.
func Examine(ctx context.Context, options Options) []Finding {
	parts := []func(context.Context, Options) Finding{goCommand, toolchain, store, docker, builder, login, mirror, openWhisk, gitCommand}
	findings := make([]Finding, len(parts))
	var group sync.WaitGroup
	for i, part := range parts {
		group.Go(func() {
			limited, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no answer within %s", patience))
			defer cancel()
			findings[i] = part(limited, options)
		})
	}
	group.Wait()
	return findings
}

// found returns the finding of a part that has an error, or works.
func found(part, detail string, err error, todo string) Finding {
	if err != nil {
		return Finding{part, Broken, human.Line(err.Error()), todo}
	}
	return Finding{Part: part, State: OK, Detail: detail}
}

func goCommand(ctx context.Context, options Options) Finding {
	install, instead := "install Go, https://go.dev/dl: mkimage compiles the proxy and Go actions with it", " (or give a ready proxy with --proxy)"
	if options.Carries {
		install, instead = "only actions in Go need it, which mkimage compiles with it: install Go, https://go.dev/dl", ""
	}
	path, err := exec.LookPath("go")
	if err != nil {
		return Finding{"go", Absent, "there is no go command on the PATH", install + instead}
	}
	version, err := output(ctx, path, "GOTOOLCHAIN=local", "env", "GOVERSION")
	return found("go", version+", "+path, err, install)
}

// toolchain says whether the exact release is on this machine; else the go command fetches it.
func toolchain(ctx context.Context, options Options) Finding {
	const part = "toolchain"
	path, err := exec.LookPath("go")
	if err != nil {
		return Finding{part, Absent, options.Toolchain + " is wanted", "install Go, which fetches it"}
	}
	_, err = output(ctx, path, "GOTOOLCHAIN="+options.Toolchain, "version", "GOPROXY=off")
	if err != nil {
		return Finding{part, Absent, options.Toolchain + " is not here yet", "build once with a network: the go command fetches it"}
	}
	return Finding{Part: part, State: OK, Detail: options.Toolchain}
}

// output runs the go command with some variables, and returns its output. Arguments with an = are variables, too.
func output(ctx context.Context, path, variable string, args ...string) (string, error) {
	var rest []string
	environment := append(os.Environ(), variable)
	for _, arg := range args {
		if strings.Contains(arg, "=") {
			environment = append(environment, arg)
		} else {
			rest = append(rest, arg)
		}
	}
	command := exec.CommandContext(ctx, path, rest...)
	command.Env, command.Dir = environment, os.TempDir()
	var warnings strings.Builder
	command.Stderr = &warnings
	text, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %s", strings.Join(rest, " "), human.Excerpt(warnings.String()+string(text)+" "+err.Error(), 200))
	}
	return strings.TrimSpace(string(text)), nil
}

func store(_ context.Context, options Options) Finding {
	const todo = "name a folder that you may write with --cache-dir or $MKIMAGE_CACHE_DIR"
	dir := options.Cache.Path()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return found("cache", "", err, todo)
	}
	probe, err := os.CreateTemp(dir, ".mkimage-tmp-")
	if err == nil {
		_ = probe.Close()
		err = os.Remove(probe.Name())
	}
	usage, walkErr := options.Cache.Usage()
	if err == nil {
		err = walkErr
	}
	var bytes int64
	for _, kind := range usage {
		bytes += kind.Bytes
	}
	return found("cache", dir+", "+human.Bytes(bytes), err, todo)
}

func docker(ctx context.Context, options Options) Finding {
	todo := "mkimage run and dev need one: start it, or set DOCKER_HOST"
	if runtime.GOOS == "linux" {
		todo += "; mkimage dev --local does without"
	}
	engine, err := container.Connect()
	if err != nil {
		return found("docker", "", err, todo)
	}
	defer engine.Close()
	address, version, err := engine.Version(ctx)
	if err != nil && os.Getenv("DOCKER_HOST") == "" {
		return Finding{"docker", Absent, human.Line(err.Error()), todo}
	}
	if err == nil {
		orphans, _ := engine.Orphans(ctx, options.Cache) // an engine that answers, and does not tell, is one without
		if len(orphans) > 0 {
			return Finding{"docker", OK, fmt.Sprintf("Docker Engine %s at %s, with %s, left by a mkimage that was killed", version, address, orphans[0].Name), "the next mkimage run or dev removes it"}
		}
	}
	return found("docker", "Docker Engine "+version+" at "+address, err, todo)
}

func builder(ctx context.Context, options Options) Finding {
	if len(options.Builders) == 0 {
		return Finding{"builder", Absent, "none is named", "only steps (run:) need one: --builder ADDRESS"}
	}
	var said []string
	for _, address := range options.Builders {
		version, err := buildkit.Reach(ctx, address, options.TLS, patience)
		if err != nil {
			return found("builder", "", fmt.Errorf("%s: %w", address, err), "start it, or name another one with --builder")
		}
		said = append(said, "BuildKit "+version+" at "+address)
	}
	return Finding{Part: "builder", State: OK, Detail: strings.Join(said, "; ")}
}

func login(ctx context.Context, options Options) Finding {
	if options.Repo == "" {
		return Finding{"registry", Absent, "no repository is named", "to push, give --repo, set $MKIMAGE_REPO, or put repo: into mkimage.yaml"}
	}
	return found("registry", "the login may push to "+options.Repo, options.Push(ctx), "log in: docker login "+strings.Split(options.Repo, "/")[0])
}

func mirror(ctx context.Context, options Options) Finding {
	const todo = "only images on Alpine need it: choose another one with --alpine-mirror, or build with a lock from the cache"
	if options.AlpineErr != nil {
		return found("alpine", "", options.AlpineErr, todo)
	}
	return found("alpine", options.Release+" at "+options.Alpine.Where(), options.Alpine.Reach(ctx, options.Release), todo)
}

func openWhisk(ctx context.Context, options Options) Finding {
	const todo = "set $WHISK_APIHOST and $WHISK_AUTH, or let wsk property set write ~/.wskprops"
	settings, err := wsk.Find(wsk.Settings{APIHost: options.APIHost}, os.Getenv)
	if err != nil {
		detail, _, _ := strings.Cut(human.Line(err.Error()), ": give ") // doctor has not those flags
		return Finding{"openwhisk", Absent, detail, todo}
	}
	client, err := wsk.NewClient(settings, false)
	if err == nil {
		err = client.Reach(ctx)
	}
	return found("openwhisk", "the key works at "+settings.APIHost, err, todo)
}

func gitCommand(context.Context, Options) Finding {
	path, err := exec.LookPath("git")
	if err != nil {
		return Finding{"git", Absent, "there is no git command on the PATH", "--since and the provenance of images need it"}
	}
	return Finding{Part: "git", State: OK, Detail: path}
}

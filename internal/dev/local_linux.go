package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/container"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// stopping is the time that a proxy may take to end.
const stopping = 2 * time.Second

// localImage starts the proxy as a process of this machine, with its interpreters.
type localImage struct {
	dir string   // holds the proxy and the launchers
	env []string // of the image, with paths of dir
}

// buildLocal lays the parts of an image that run on this machine into a folder.
func (s *session) buildLocal(ctx context.Context) (image, error) {
	languages, err := s.Build.Stemcells.Pick(s.definition.Stemcells)
	if err != nil {
		return nil, err
	}
	step := s.Build.Display.Start("compile the proxy for " + string(platform()))
	proxy, err := s.Build.Module.Proxy(ctx, platform())
	if step.End(human.Bytes(int64(len(proxy))), err) != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", s.prefix)
	if err != nil {
		return nil, fmt.Errorf("make a folder for the proxy: %w", human.Reason(err))
	}
	made := &localImage{dir: dir, env: localEnvironment(dir, plan.Variables(s.definition, languages))}
	err = os.WriteFile(filepath.Join(dir, "proxy"), proxy, 0o755)
	for _, language := range languages {
		if err == nil {
			err = lay(dir, language)
		}
	}
	if errors.Is(err, syscall.ENOSPC) {
		err = fmt.Errorf("%w: free some space, or set $TMPDIR to a folder that has some", err)
	}
	if err != nil {
		return nil, errors.Join(err, made.remove())
	}
	return made, nil
}

// lay writes the files of a stemcell, whose interpreter must be there.
func lay(dir string, language stemcells.Stemcell) error {
	for _, file := range language.Image() {
		if interpreter := interpreterOf(file.Content); file.Program && interpreter != "" {
			if _, err := os.Stat(interpreter); err != nil {
				return fmt.Errorf("stemcell %s needs %s, which this machine does not have: install it, or start a Docker Engine", language.Name, interpreter)
			}
		}
		target := filepath.Join(dir, filepath.FromSlash(file.Path))
		mode := os.FileMode(0o644)
		if file.Program {
			mode = 0o755
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(target), 0o755), os.WriteFile(target, file.Content, mode)); err != nil {
			return err
		}
	}
	return nil
}

// interpreterOf returns the program that a script names in its first line, or "".
func interpreterOf(script []byte) string {
	first, _, _ := strings.Cut(string(script), "\n")
	words := strings.Fields(strings.TrimPrefix(first, "#!"))
	if !strings.HasPrefix(first, "#!") || len(words) == 0 {
		return ""
	}
	return words[0]
}

// localEnvironment returns the environment of an image with paths of this machine.
func localEnvironment(dir string, variables []string) []string {
	var env []string
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		if !slices.Contains([]string{"PATH", "HOME", "TMPDIR", "OW_PORT", "OW_ACTION_DIR"}, name) {
			env = append(env, name+"="+strings.ReplaceAll(value, "/usr/lib/mkimage/", filepath.Join(dir, "usr/lib/mkimage")+"/"))
		}
	}
	return append(env, "PATH="+os.Getenv("PATH"), "HOME="+dir, "PROXY_ALLOW_REINIT=1", "OW_SHUTDOWN_GRACE=500ms")
}

func (i *localImage) where() string {
	return "on this machine, without an engine: with its programs and files, and without limits"
}

func (i *localImage) remove() error { return os.RemoveAll(i.dir) }

func (i *localImage) start(ctx context.Context, log *Screen) (place, error) {
	free, err := loopback(0)
	if err != nil {
		return nil, err
	}
	address := free.Addr().(*net.TCPAddr)
	if err := free.Close(); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp(i.dir, "action-")
	if err != nil {
		return nil, err
	}
	p := &process{address: "http://" + address.String(), over: make(chan struct{}), dir: work}
	out := container.NewFilter(log)
	p.command = exec.Command(filepath.Join(i.dir, "proxy"))
	p.command.Dir = work
	p.command.Env = append(slices.Clone(i.env), fmt.Sprintf("OW_PORT=%d", address.Port), "OW_ACTION_DIR="+filepath.Join(work, "action"), "TMPDIR="+work)
	p.command.Stdout, p.command.Stderr = out, out
	p.command.WaitDelay = stopping
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM} // it ends with this process, also a killed one
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start the proxy: %w", err)
	}
	go func() {
		_ = p.command.Wait() // the log tells why
		out.End()
		close(p.over)
	}()
	for !listens(address) {
		select {
		case <-p.over:
			return nil, errors.Join(errors.New("the proxy ended before it answered; its log tells why"), p.stop())
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), p.stop())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return p, nil
}

func listens(address net.Addr) bool {
	connection, err := net.Dial("tcp", address.String())
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}

// process is a proxy on this machine, in a group of its own with all that it starts.
type process struct {
	command *exec.Cmd
	address string
	over    chan struct{}
	dir     string
}

func (p *process) url() string { return p.address }

func (p *process) ended() bool {
	select {
	case <-p.over:
		return true
	default:
		return false
	}
}

func (p *process) stop() error {
	group := -p.command.Process.Pid
	_ = syscall.Kill(group, syscall.SIGTERM) // it may have ended
	select {
	case <-p.over:
	case <-time.After(stopping):
	}
	_ = syscall.Kill(group, syscall.SIGKILL)
	<-p.over
	return os.RemoveAll(p.dir)
}

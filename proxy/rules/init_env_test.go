package rules

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

func TestRule14_LibraryPathOfInit(t *testing.T) {
	check := func(t *testing.T, p *proxy, got answer) {
		t.Helper()
		if got.Status != 200 {
			t.Fatalf("init: %s", got)
		}
		if got := p.Run(`{}`); got.Status != 200 {
			t.Errorf("got %s", got)
		}
	}
	t.Run("library path of init", func(t *testing.T) {
		program, lib := withLib(t)
		p := start(t)
		code := encoded(testkit.Zip(t, file{Name: "exec", Content: program}, file{Name: "lib/libanswer.so.1", Content: lib}))
		check(t, p, p.Post("/init", fmt.Sprintf(`{"value":{"binary":true,"code":%q,"env":{"LD_LIBRARY_PATH":%q}}}`, code, p.Dir+"/lib")))
	})
	t.Run("library path of init, relative", func(t *testing.T) {
		program, lib := withLib(t)
		p := start(t)
		code := encoded(testkit.Zip(t, file{Name: "exec", Content: program}, file{Name: "lib/libanswer.so.1", Content: lib}))
		check(t, p, p.Post("/init", fmt.Sprintf(`{"value":{"binary":true,"env":{"LD_LIBRARY_PATH":"lib"},"code":%q}}`, code)))
	})
}

func TestRule14_PathOfInit(t *testing.T) {
	const loop = "echo '{\"openwhisk\":1}'\nwhile read -r line; do echo '{}'; done\n"
	check := func(t *testing.T, p *proxy, got answer) {
		t.Helper()
		if got.Status != 200 {
			t.Fatalf("init: %s", got)
		}
		if got := p.Run(`{}`); got.Status != 200 {
			t.Errorf("got %s", got)
		}
	}
	t.Run("PATH of init", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Symlink("/bin/sh", filepath.Join(dir, "mysh")); err != nil {
			t.Fatal(err)
		}
		p := start(t)
		check(t, p, p.Post("/init", fmt.Sprintf(`{"value":{"code":%q,"env":{"PATH":%q}}}`, "#!/usr/bin/env mysh\n"+loop, dir+":/bin:/usr/bin")))
	})
}

// Somebody holds the logs but does not read them: the proxy cannot go on, but
// it can stop.
func TestRule33_StopWhileTheLogsAreFull(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := start(t, testkit.Env("OW_SHUTDOWN_GRACE=300ms"), func(c *exec.Cmd) {
		c.ExtraFiles = []*os.File{w}
		c.Args = []string{"sh", "-c", "exec " + c.Path + " 2>&3"}
		c.Path = "/bin/sh"
	})
	w.Close()
	p.ready(obey())
	c := p.Dial()
	c.Send("/run", `{"value":`+doing("", step{"flood", "stderr", "1000000"})+`}`)
	full := capacity(t, r) - 4096 // of its last page some may be free
	testkit.Await(t, "the pipe is full", func() bool { return unread(t, r) >= full })
	p.Signal(syscall.SIGTERM)
	if status := p.Status(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// capacity is how many bytes a pipe holds.
func capacity(t *testing.T, f *os.File) int32 {
	t.Helper()
	const getPipeSize = 1032 // F_GETPIPE_SZ
	n, _, err := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), getPipeSize, 0)
	if err != 0 {
		t.Fatal(err)
	}
	return int32(n)
}

// unread is how many bytes stand in a pipe.
func unread(t *testing.T, f *os.File) (n int32) {
	t.Helper()
	if _, _, err := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCINQ, uintptr(unsafe.Pointer(&n))); err != 0 {
		t.Fatal(err)
	}
	return n
}

// A client that never ends its init does not keep the platform's own out.
func TestRule09_AnInitThatHangsKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, begin := range []string{``, `{`, `{"value":{"code":"#!/bin/sh`} {
		p.Dial().Write([]byte("POST /init HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + begin))
	}
	p.settled()
	p.ready(obey())
	if got := p.Run(`{}`); got.Status != 200 {
		t.Errorf("run: %s", got)
	}
}

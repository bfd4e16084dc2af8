package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// obey takes steps: a word and its arguments.
func (a *action) obey(steps [][]string) {
	for _, s := range steps {
		a.step(append(s, "", "")) // arguments that are not there are empty
	}
}

func (a *action) step(s []string) {
	switch s[0] {
	case "stdout", "stderr", "result":
		if s[0] == "result" && a.open != nil && !a.silent {
			s[1] = "end " + a.open.id + " " + s[1]
		}
		if s[0] == "result" && strings.HasSuffix(s[1], "\n") {
			a.finish()
		}
		a.stream(s[0]).WriteString(s[1])
		if s[0] == "result" {
			a.silent = true
		}
	case "hex": // bytes that JSON cannot hold
		b, _ := hex.DecodeString(s[2])
		a.stream(s[1]).Write(b)
	case "flood": // bytes in lines of 64
		flood(a.stream(s[1]), number(s[2]))
	case "fill": // bytes without a line end
		fill(a.stream(s[1]), number(s[2]))
		if s[1] == "result" {
			a.silent = true
		}
	case "large": // an answer with so many more bytes
		a.answer["pad"] = strings.Repeat("x", number(s[1]))
	case "together":
		a.together = s[1]
	case "silent":
		a.silent = true
	case "sleep":
		time.Sleep(duration(s[1]))
	case "touch": // makes a file
		if err := os.WriteFile(s[1], nil, 0o644); err != nil {
			panic(err)
		}
	case "await": // a file that the test makes
		for !exists(s[1]) {
			time.Sleep(time.Millisecond)
		}
	case "drained": // until the proxy has read all results
		for unread(a.results) > 0 {
			time.Sleep(time.Millisecond)
		}
	case "exit":
		os.Exit(number(s[1]))
	case "kill":
		syscall.Kill(os.Getpid(), syscall.Signal(number(s[1])))
		time.Sleep(time.Hour)
	case "close":
		a.stream(s[1]).Close()
	case "deaf": // goes on without input
		a.ending = false
		if a.whole != nil {
			a.whole.ending = false
		}
	case "ignore":
		signal.Ignore(syscall.SIGTERM)
	case "report": // signals go to the log
		c := make(chan os.Signal, 8)
		signal.Notify(c, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGTERM)
		go func() {
			for s := range c {
				os.Stderr.WriteString("got " + s.String() + "\n")
			}
		}()
	case "env":
		a.env(s[1])
	case "directory":
		a.answer["directory"], _ = os.Getwd()
	case "descriptors":
		a.descriptors()
	case "spawn": // a child that takes steps and shares all pipes
		a.spawn(s[1], false)
	case "orphan": // a grandchild of its own session, whose parent ends at once
		a.spawn(`[["detach",`+strconv.Quote(s[1])+`],["exit","0"]]`, true)
	case "detach":
		a.start(s[1])
	case "after": // steps for after the answer
		json.Unmarshal([]byte(s[1]), &a.after)
	case "concurrency":
		a.concurrency = number(s[1])
	default:
		a.streams(s)
	}
}

func (a *action) stream(name string) *os.File {
	switch name {
	case "stdin":
		return os.Stdin
	case "stdout":
		return os.Stdout
	case "stderr":
		return os.Stderr
	}
	return a.results
}

func (a *action) env(names string) {
	found := map[string]string{}
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		if names == "" || strings.Contains(","+names+",", ","+name+",") {
			if _, twice := found[name]; twice {
				value = "twice!"
			}
			found[name] = value
		}
	}
	a.answer["env"] = found
}

// descriptors tells which are open, but for those of Go's own runtime.
func (a *action) descriptors() {
	open := []string{}
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		link, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && !strings.HasPrefix(link, "anon_inode:[event") && !strings.HasPrefix(link, "/proc/") && !strings.HasPrefix(link, "/sys/fs/cgroup/") {
			open = append(open, e.Name())
		}
	}
	a.answer["descriptors"] = open
}

// start starts this program with steps on the same pipes.
func (a *action) start(steps string) *exec.Cmd {
	c := exec.Command("/proc/self/exe", steps, child)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	if a.results != os.Stdout {
		c.ExtraFiles = []*os.File{a.results}
	}
	if err := c.Start(); err != nil {
		os.Stderr.WriteString("spawn: " + err.Error() + "\n")
	}
	return c
}

func (a *action) spawn(steps string, wait bool) {
	if c := a.start(steps); wait {
		c.Wait()
	}
}

func flood(f *os.File, size int) {
	line := []byte(strings.Repeat("0123456789abcde ", 4)[:63] + "\n")
	block := []byte(strings.Repeat(string(line), 1024))
	for ; size >= len(block); size -= len(block) {
		if _, err := f.Write(block); err != nil {
			os.Exit(1)
		}
	}
	f.Write(block[:size/64*64])
}

func fill(f *os.File, size int) {
	block := []byte(strings.Repeat("x", 64<<10))
	for size > 0 {
		n, err := f.Write(block[:min(size, len(block))])
		if err != nil {
			os.Exit(1)
		}
		size -= n
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// unread is how many bytes stand in a pipe.
func unread(f *os.File) (n int32) {
	syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCINQ, uintptr(unsafe.Pointer(&n)))
	return n
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return d
}

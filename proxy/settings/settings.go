//go:build linux

// Package settings reads the environment variables that the proxy and the
// programs that link the library openwhisk share: docs/proxy.md.
package settings

import (
	"strconv"
	"strings"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/action"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/whisk"
)

// Version is __OW_PROXY_VERSION.
const Version = "2.0.0"

// Settings is what the environment says.
type Settings struct {
	Port    int
	MaxBody int64 // bytes
	Whisk   whisk.Config
}

// An Error names a setting and what it may be.
type Error struct{ Text string }

func (e *Error) Error() string { return e.Text }

// environ reads variables and keeps the first error.
type environ struct {
	values map[string]string
	err    error
}

// Read reads an environment of "KEY=value". Its error is the first bad value.
func Read(env []string) (Settings, error) {
	e := &environ{values: map[string]string{}}
	for _, v := range env {
		if key, value, ok := strings.Cut(v, "="); ok {
			e.values[key] = value
		}
	}
	s := Settings{
		MaxBody: e.size("OW_MAX_BODY", 64<<20),
		Whisk: whisk.Config{
			Protocol:     e.protocol(),
			Handshake:    e.choice("OW_HANDSHAKE", "on", "off") == "on",
			ResultFd:     1,
			InitTimeout:  e.duration("OW_INIT_TIMEOUT", -1),
			Grace:        e.duration("OW_SHUTDOWN_GRACE", 8*clock.Second),
			Reinit:       e.isSet("PROXY_ALLOW_REINIT"),
			Concurrent:   isTrue(e.values["__OW_ALLOW_CONCURRENT"]),
			Launchers:    action.ReadLaunchers(e.values["OW_LAUNCHER"]),
			Compiler:     e.values["OW_COMPILER"],
			WaitForAck:   e.values["OW_WAIT_FOR_ACK"] != "",
			ExecutionEnv: e.values["OW_EXECUTION_ENV"],
			LogInitError: e.values["OW_LOG_INIT_ERROR"] != "",
			SaveJar:      e.values["OW_SAVE_JAR"],
			Limits: action.Limits{
				Code:     e.size("OW_MAX_CODE", 64<<20),
				Unpacked: 512 << 20,
				Entries:  65536,
			},
			Env: childEnvironment(env, e.values),
		},
	}
	v0 := s.Whisk.Protocol == whisk.V0
	s.Port = e.port(v0)
	s.Whisk.ActionDir = e.actionDir(v0)
	if e.choice("OW_RESULT_FD", "1", "3") == "3" {
		s.Whisk.ResultFd = 3
	}
	s.Whisk.Stemcell = e.stemcell(s.Whisk.Launchers)
	return s, e.err
}

// childEnvironment is the container's environment with what existing proxies add
// to it for actions (rule 19).
func childEnvironment(env []string, values map[string]string) []string {
	out := append([]string(nil), env...)
	out = append(out, "__OW_PROXY_VERSION="+Version)
	for _, name := range []string{"OW_EXECUTION_ENV", "OW_WAIT_FOR_ACK"} {
		if value := values[name]; value != "" {
			out = append(out, "__"+name+"="+value)
		}
	}
	return out
}

func (e *environ) fail(key, allowed string) {
	if e.err == nil {
		e.err = &Error{key + "=" + strconv.Quote(e.values[key]) + ": want " + allowed}
	}
}

func (e *environ) text(key, otherwise string) string {
	if v := e.values[key]; v != "" {
		return v
	}
	return otherwise
}

// isTrue reports whether a text is "true", in whatever case.
func isTrue(text string) bool {
	const want = "true"
	if len(text) != len(want) {
		return false
	}
	for i := range len(want) {
		if text[i]|0x20 != want[i] { // the lower case of an ASCII letter
			return false
		}
	}
	return true
}

// isSet is how switches of existing proxies are read: 1 or true.
func (e *environ) isSet(key string) bool {
	v := e.values[key]
	return v == "1" || isTrue(v)
}

// choice gives one of the allowed words; the first is the default.
func (e *environ) choice(key string, allowed ...string) string {
	v := e.text(key, allowed[0])
	for _, a := range allowed {
		if v == a {
			return v
		}
	}
	e.fail(key, strings.Join(allowed, " or "))
	return allowed[0]
}

func (e *environ) protocol() whisk.Protocol {
	switch e.choice("OW_PROTOCOL", "auto", "v0", "v1", "actionloop", "exec") {
	case "v0":
		return whisk.V0
	case "v1":
		return whisk.V1
	case "actionloop":
		return whisk.ActionLoop
	case "exec":
		return whisk.Exec
	}
	return whisk.Auto
}

// stemcell gives the one that is asked for, of those whose launchers are here.
func (e *environ) stemcell(launchers []action.Launcher) string {
	name, allowed := e.values["OW_STEMCELL"], "none, for this image has no stemcell"
	for i, l := range launchers {
		if l.Name == name {
			return name
		}
		if i == 0 {
			allowed = l.Name
		} else {
			allowed += " or " + l.Name
		}
	}
	if name != "" {
		e.fail("OW_STEMCELL", allowed)
	}
	return ""
}

// port reads OW_PORT, or what dockerskeleton calls it. PORT is none of its names: images of other runtimes set it for
// programs of theirs.
func (e *environ) port(v0 bool) int {
	key := "OW_PORT"
	if v0 && e.values[key] == "" {
		key = "FLASK_PROXY_PORT"
	}
	v := e.text(key, "8080")
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 65535 {
		e.fail(key, "a port, 0 to 65535")
	}
	return n
}

// actionDir reads OW_ACTION_DIR. The default is that of the proxy whose place this one takes: dockerskeleton's /action,
// or the ActionLoop proxy's folder below the working directory.
func (e *environ) actionDir(v0 bool) string {
	const skeletons = "/action"
	dir := e.values["OW_ACTION_DIR"]
	switch {
	case dir == "" && v0:
		return skeletons
	case dir == "":
		working, err := syscall.Getwd()
		if err != nil || working == "/" {
			return skeletons
		}
		return working + "/action"
	case dir[0] != '/':
		e.fail("OW_ACTION_DIR", "an absolute path")
	}
	return dir
}

func (e *environ) duration(key string, otherwise clock.Duration) clock.Duration {
	v := e.values[key]
	if v == "" {
		return otherwise
	}
	d, ok := clock.Parse(v)
	if !ok {
		e.fail(key, "a duration such as 8s or 500ms")
	}
	return d
}

// size reads bytes: 1048576, 1024KiB or 1MiB.
func (e *environ) size(key string, otherwise int64) int64 {
	v := e.values[key]
	if v == "" {
		return otherwise
	}
	digits, shift := v, 0
	for suffix, s := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if d, ok := strings.CutSuffix(v, suffix); ok {
			digits, shift = d, s
		}
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n <= 0 {
		e.fail(key, "a number of bytes such as 67108864 or 64MiB")
		return otherwise
	}
	return n << shift
}

//go:build linux

// Package settings reads the environment variables that the proxy and the programs that link the library openwhisk
// share: docs/proxy.md.
package settings

import (
	"strconv"
	"strings"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/action"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/variable"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/whisk"
)

// Version is __OW_PROXY_VERSION.
const Version = "2.0.0"

// Settings are the settings of a proxy, from its environment.
type Settings struct {
	Port    int
	MaxBody int64 // bytes
	JSON    bool  // each line of the log is an object (OW_LOG_FORMAT)
	Whisk   whisk.Config
}

// An Error names a setting and its allowed values.
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
			Handshake:    e.choice("OW_HANDSHAKE", "on") == "on",
			ResultFd:     1,
			InitTimeout:  e.duration("OW_INIT_TIMEOUT", -1),
			Grace:        e.duration("OW_SHUTDOWN_GRACE", 8*clock.Second),
			Reinit:       e.isSet("PROXY_ALLOW_REINIT"),
			Concurrent:   isTrue(e.values["__OW_ALLOW_CONCURRENT"]),
			Launchers:    action.ReadLaunchers(e.values["OW_LAUNCHER"]),
			StreamMax:    int(e.size("OW_STREAM_MAX", stream.DefaultMax)),
			Main:         e.values["OW_MAIN"],
			Compiler:     e.values["OW_COMPILER"],
			WaitForAck:   e.values["OW_WAIT_FOR_ACK"] != "",
			ExecutionEnv: e.values["OW_EXECUTION_ENV"],
			LogInitError: e.values["OW_LOG_INIT_ERROR"] != "",
			SaveJar:      e.values["OW_SAVE_JAR"],
			Limits: code.Limits{
				Code:     e.size("OW_MAX_CODE", 64<<20),
				Unpacked: code.MostUnpacked,
				Entries:  code.MostEntries,
			},
			Env: childEnvironment(env, e.values),
		},
	}
	v0 := s.Whisk.Protocol == whisk.V0
	s.Port = e.port(v0)
	s.Whisk.ActionDir = e.actionDir(v0)
	if e.choice("OW_RESULT_FD", "1") == "3" {
		s.Whisk.ResultFd = 3
	}
	s.JSON = e.choice("OW_LOG_FORMAT", "text") == "json"
	s.Whisk.StreamHosts = e.streamHosts()
	e.check("OW_WORKERS")
	s.Whisk.Workers, _ = strconv.Atoi(e.values["OW_WORKERS"])
	s.Whisk.Launchers = code.PickLaunchers(s.Whisk.Launchers, e.stemcell(s.Whisk.Launchers))
	return s, e.err
}

// childEnvironment returns the container's environment with the variables that existing proxies add to it for actions
// (rule 19).
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
		e.err = &Error{variable.Refusal(key, e.values[key], allowed)}
	}
}

func (e *environ) text(key, otherwise string) string {
	if v := e.values[key]; v != "" {
		return v
	}
	return otherwise
}

// isTrue reports whether a text is "true", in whatever case.
//
//go:noinline
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

// isSet reports whether a switch of existing proxies is on: 1 or true.
func (e *environ) isSet(key string) bool {
	v := e.values[key]
	return v == "1" || isTrue(v)
}

// check keeps the first variable that has another value than is allowed.
func (e *environ) check(key string) {
	if allowed := variable.Allowed(key, e.values[key]); allowed != "" {
		e.fail(key, allowed)
	}
}

// choice returns one of a few words.
func (e *environ) choice(key, otherwise string) string {
	e.check(key)
	return e.text(key, otherwise)
}

func (e *environ) protocol() whisk.Protocol {
	switch e.choice("OW_PROTOCOL", "auto") {
	case "v0":
		return whisk.V0
	case "v1":
		return whisk.V1
	case "v2":
		return whisk.V2
	case "actionloop":
		return whisk.ActionLoop
	case "exec":
		return whisk.Exec
	}
	return whisk.Auto
}

// stemcell returns the one that is asked for, of those whose launchers are here.
func (e *environ) stemcell(launchers []code.Launcher) string {
	var names []string
	for _, l := range launchers {
		names = append(names, l.Name)
	}
	name := e.values["OW_STEMCELL"]
	if allowed := variable.AllowedStemcell(name, names); allowed != "" {
		e.fail("OW_STEMCELL", allowed)
		return ""
	}
	return name
}

// streamHosts returns the addresses to which parameters of a run may send streams, nil for none. The caller of an
// action chooses the address, so the image has to say which are allowed.
func (e *environ) streamHosts() stream.Hosts {
	const key = "OW_STREAM_HOSTS"
	e.check("OW_STREAM")
	e.check(key)
	if e.values["OW_STREAM"] == "" {
		return nil
	}
	if e.values[key] == "" && e.err == nil {
		e.err = &Error{"OW_STREAM=socket needs OW_STREAM_HOSTS, the addresses that streams may go to, such as 10.0.0.0/8"}
	}
	hosts, _ := stream.ParseHosts(e.values[key])
	return hosts
}

// port reads OW_PORT, or dockerskeleton's name for it. PORT is none of its names: images of other runtimes set it for
// programs of theirs.
func (e *environ) port(v0 bool) int {
	key := "OW_PORT"
	if v0 && e.values[key] == "" {
		key = "FLASK_PROXY_PORT"
	}
	e.check(key)
	port, _ := variable.Port(e.text(key, "8080"))
	return port
}

// actionDir reads OW_ACTION_DIR. The default is that of the proxy whose place this one takes: dockerskeleton's /action,
// or the ActionLoop proxy's folder below the working directory.
func (e *environ) actionDir(v0 bool) string {
	const skeletons = "/action"
	e.check("OW_ACTION_DIR")
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
	}
	return dir
}

func (e *environ) duration(key string, otherwise clock.Duration) clock.Duration {
	v := e.values[key]
	if v == "" {
		return otherwise
	}
	e.check(key)
	d, _ := clock.Parse(v)
	return d
}

func (e *environ) size(key string, otherwise int64) int64 {
	v := e.values[key]
	if v == "" {
		return otherwise
	}
	e.check(key)
	size, _ := variable.Size(v)
	return size
}

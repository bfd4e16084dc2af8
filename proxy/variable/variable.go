// Package variable has the allowed values of the environment variables that set the proxy (docs/proxy.md). The proxy
// refuses another value when it starts, and mkimage when it reads the definition of an image, on every system. It also
// makes an action's variables of the members of a request.
package variable

import (
	"strconv"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
)

// mostWorkers is how many processes an action may have: each takes five of 1024 descriptors.
const mostWorkers = 64

// Allowed returns the allowed values of a variable where value is not among them, and "" where it is. An empty value is
// the default, and an unknown variable may have any value.
func Allowed(name, value string) string {
	ok, allowed := true, ""
	switch name {
	case "OW_PROTOCOL":
		return choice(value, "auto", "v0", "v1", "v2", "actionloop", "exec")
	case "OW_LOG_FORMAT":
		return choice(value, "text", "json")
	case "OW_STREAM":
		return choice(value, "socket")
	case "OW_STREAM_HOSTS":
		_, ok = stream.ParseHosts(value)
		allowed = "addresses and CIDRs with commas between them, such as 10.0.0.0/8,fd00::1"
	case "OW_HANDSHAKE":
		return choice(value, "on", "off")
	case "OW_RESULT_FD":
		return choice(value, "1", "3")
	case "OW_PORT", "FLASK_PROXY_PORT":
		_, ok = Port(value)
		allowed = "a port, 0 to 65535"
	case "OW_INIT_TIMEOUT", "OW_SHUTDOWN_GRACE":
		_, ok = clock.Parse(value)
		allowed = "a duration such as 8s or 500ms"
	case "OW_WORKERS":
		n, err := strconv.Atoi(value)
		ok = err == nil && n >= 1 && n <= mostWorkers
		allowed = "a number from 1 to 64"
	case "OW_MAX_BODY", "OW_MAX_CODE", "OW_STREAM_MAX":
		_, ok = Size(value)
		allowed = "a number of bytes such as 67108864 or 64MiB"
	case "OW_ACTION_DIR":
		ok = strings.HasPrefix(value, "/")
		allowed = "an absolute path"
	}
	if ok || value == "" {
		return ""
	}
	return allowed
}

// AllowedStemcell returns the allowed values of OW_STEMCELL in an image with these stemcells where name is not among
// them, and "" where it is.
func AllowedStemcell(name string, stemcells []string) string {
	if len(stemcells) == 0 && name != "" {
		return "none, for this image has no stemcell"
	}
	return choice(name, stemcells...)
}

func choice(value string, allowed ...string) string {
	for _, a := range allowed {
		if value == a {
			return ""
		}
	}
	if value == "" {
		return ""
	}
	return strings.Join(allowed, " or ")
}

// Port reads a port.
func Port(text string) (port int, ok bool) {
	port, err := strconv.Atoi(text)
	return port, err == nil && port >= 0 && port <= 65535
}

// Size reads bytes: 1048576, 1024KiB or 1MiB.
func Size(text string) (bytes int64, ok bool) {
	digits, shift := text, 0
	for i, suffix := range [...]string{"KiB", "MiB", "GiB"} {
		if d, found := strings.CutSuffix(text, suffix); found {
			digits, shift = d, 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	return n << shift, err == nil && n > 0
}

// Refusal says that a variable has another value than is allowed.
func Refusal(name, value, allowed string) string {
	return name + "=" + strconv.Quote(value) + ": want " + allowed
}

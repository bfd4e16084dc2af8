package buildkit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"unicode"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/connhelper"
	_ "github.com/moby/buildkit/client/connhelper/dockercontainer" // docker-container://
	_ "github.com/moby/buildkit/client/connhelper/kubepod"         // kube-pod://
	_ "github.com/moby/buildkit/client/connhelper/ssh"             // ssh://
)

// program returns the program for an address: it runs "buildctl dial-stdio" beside the daemon. It is "" for addresses
// that need none.
func program(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return map[string]string{"docker-container": "docker", "kube-pod": "kubectl", "ssh": "ssh"}[parsed.Scheme]
}

// checkThrough returns an error for a bad address of a builder behind a program.
func checkThrough(parsed *url.URL) error {
	takes := map[string][]string{"docker-container": {"context"}, "kube-pod": {"context", "namespace", "container"}}[parsed.Scheme]
	for key := range parsed.Query() {
		if !slices.Contains(takes, key) {
			return fmt.Errorf("it takes no ?%s=", key)
		}
	}
	_, err := connhelper.GetConnectionHelper(parsed.String())
	return err
}

// dialThrough returns the option for an address that is reached through a program. The program has no terminal: it
// cannot ask, and fails instead.
func dialThrough(address string) (client.ClientOpt, error) {
	helper, err := connhelper.GetConnectionHelper(address)
	if err != nil {
		return nil, err
	}
	name := program(address)
	return client.WithContextDialer(func(ctx context.Context, to string) (net.Conn, error) {
		conn, err := helper.ContextDialer(ctx, to)
		if errors.Is(err, exec.ErrNotFound) {
			return nil, fmt.Errorf("there is no program %s on the PATH, through which this builder is reached", name)
		}
		if err != nil {
			return nil, err
		}
		return &through{Conn: conn, in: bufio.NewReader(conn), program: name}, nil
	}), nil
}

// through is a connection to a daemon through a program. Its errors have the program's message.
type through struct {
	net.Conn
	in      *bufio.Reader
	program string
	greeted bool // the other side has begun as a daemon does
}

// settings is the type of a daemon's first frame (RFC 9113, 3.4), after the three bytes of its length.
const settings = 4

func (c *through) Read(p []byte) (int, error) {
	if !c.greeted {
		head, err := c.in.Peek(4)
		if len(head) == 4 && head[3] != settings { // Docker and login shells may write to stdout
			text, _ := c.in.Peek(c.in.Buffered())
			return 0, c.said(string(text))
		}
		if err != nil {
			return 0, c.explain(err)
		}
		c.greeted = true
	}
	n, err := c.in.Read(p)
	return n, c.explain(err)
}

// Write hides errors: Read returns the reason why a program has ended, and Write would return a broken pipe.
func (c *through) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) {
		return len(p), nil
	}
	return n, err
}

// explain returns the error of the connection with the end of the program's stderr.
func (c *through) explain(err error) error {
	if err == nil {
		return nil
	}
	if _, text, found := strings.Cut(err.Error(), "stderr="); found {
		return c.said(text)
	}
	return err
}

// said returns the end of the program's stderr, as an error of one line.
func (c *through) said(text string) error {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1
			}
			return r
		}, line)
		if line = strings.TrimSpace(line); line != "" && !kubectlLog.MatchString(line) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return fmt.Errorf("%s ended and said nothing", c.program)
	}
	said := strings.Join(lines[max(0, len(lines)-2):], " ")
	return fmt.Errorf("%s said: %s%s", c.program, said, advice(said))
}

// kubectlLog matches the lines that kubectl logs before its error.
var kubectlLog = regexp.MustCompile(`^[EWI]\d{4} \d\d:`)

// advice returns advice for a program's error.
func advice(said string) string {
	if absent(said) {
		return " (is buildkitd running there?)"
	}
	for _, known := range []struct{ words, do string }{
		{"Host key verification failed", "connect with ssh once by hand, and compare the key that it shows"},
		{"Permission denied (", "ssh asks nothing here: name the key in ~/.ssh/config, or give it to ssh-agent"},
		{"No such container", "docker ps lists running containers"},
		{"is not running", "docker start starts it"},
		{`exec: "buildctl"`, "its image has no buildctl: take moby/buildkit:" + Version},
		{"buildctl: command not found", "install buildctl there, on the PATH that ssh gives"},
		{"buildctl: not found", "install buildctl there, on the PATH that ssh gives"},
		{unreached, "check the daemon's --group"},
	} {
		if strings.Contains(said, known.words) {
			return " (" + known.do + ")"
		}
	}
	return ""
}

// unreached is the start of buildctl's error for a daemon that does not answer.
const unreached = "error: dial unix "

// absent reports whether buildctl has run, but found no daemon.
func absent(said string) bool {
	return strings.Contains(said, unreached) && (strings.Contains(said, "connect: no such file") || strings.Contains(said, "connect: connection refused"))
}

// starting reports whether a container was reached whose daemon does not listen yet.
func starting(address string, err error) bool {
	return slices.Contains([]string{"docker", "kubectl"}, program(address)) && absent(err.Error())
}

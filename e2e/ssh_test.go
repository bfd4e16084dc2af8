package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// sshServer is an OpenSSH server on loopback, and a client that knows it.
type sshServer struct {
	dir     string
	address string // host:port
	log     *os.File
}

// startSSH starts a server that lets this user in with the key DIR/user, to a PATH of its own.
func startSSH(t *testing.T, path string) *sshServer {
	t.Helper()
	needProgram(t, "ssh")
	program, err := exec.LookPath("sshd")
	if err != nil {
		program = "/usr/sbin/sshd" // is on root's PATH only
	}
	if _, err := os.Stat(program); err != nil {
		missing(t, "no sshd; ci/services installs it")
	}
	s := &sshServer{dir: t.TempDir()}
	for _, name := range []string{"host", "user", "stranger"} {
		output(t, s.dir, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name)
	}
	s.write(t, "authorized", string(read(t, filepath.Join(s.dir, "user.pub"))))
	s.write(t, "server", fmt.Sprintf("HostKey %[1]s/host\nAuthorizedKeysFile %[1]s/authorized\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nSetEnv PATH=%[2]s\n", s.dir, path))
	if s.log, err = os.Create(filepath.Join(s.dir, "log")); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.serve(ctx, program, conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		stop()
		all.Wait()
		if t.Failed() {
			t.Logf("sshd says:\n%s", read(t, s.log.Name()))
		}
		_ = s.log.Close()
	})
	s.knows(t, "host")
	s.uses(t, "user")
	return s
}

// serve gives a connection to a server of its own, as inetd does: so nobody has to find a free port for it.
func (s *sshServer) serve(ctx context.Context, program string, conn *net.TCPConn) {
	socket, err := conn.File()
	_ = conn.Close()
	if err != nil {
		return
	}
	defer socket.Close()
	cmd := exec.CommandContext(ctx, program, "-i", "-e", "-f", filepath.Join(s.dir, "server"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = socket, socket, s.log
	_ = cmd.Run() // the client says what was wrong
}

func (s *sshServer) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// knows makes the client know the server by the host key in a file, or by none.
func (s *sshServer) knows(t *testing.T, key string) {
	t.Helper()
	if key == "" {
		s.write(t, "known", "")
		return
	}
	_, port, _ := net.SplitHostPort(s.address)
	s.write(t, "known", fmt.Sprintf("[127.0.0.1]:%s %s", port, read(t, filepath.Join(s.dir, key+".pub"))))
}

// uses makes the client show the key in a file.
func (s *sshServer) uses(t *testing.T, key string) {
	t.Helper()
	s.write(t, "client", fmt.Sprintf("Host *\n  UserKnownHostsFile %[1]s/known\n  IdentityFile %[1]s/%[2]s\n  IdentitiesOnly yes\n", s.dir, key))
}

// TestSSHBuilder builds with a daemon that the real ssh reaches, through a real server.
func TestSSHBuilder(t *testing.T) {
	programs, socket := needBuilder(t)
	server := startSSH(t, programs+":/usr/bin:/bin")
	bare := startSSH(t, "/usr/bin:/bin")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	// The client is the one of this machine. It has no home here: its settings are those of the test.
	client, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nexec %s -F \"$SSH_SETTINGS\" \"$@\"\n", client)
	testkit.WriteProgram(t, filepath.Join(bin, "ssh"), script)
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	t.Setenv("SSH_SETTINGS", filepath.Join(server.dir, "client"))
	t.Setenv("SSH_AUTH_SOCK", "")

	address := "ssh://" + me.Username + "@" + server.address
	want, _ := mkimage(t, "build", "scratch")
	if got, _ := mkimage(t, "build", "scratch", "--builder", address+socket); got != want {
		t.Errorf("got %s, want %s", got, want)
	}

	for _, test := range []struct {
		name, address string
		known, key    string
		want          string
	}{
		{"a server that nobody has seen", address + socket, "", "user", "ssh said: Host key verification failed. (connect with ssh once by hand"},
		{"a server that shows another key", address + socket, "stranger", "user", "has changed and you have requested strict checking. Host key verification failed."},
		{"a key that the server does not know", address + socket, "host", "stranger", "Permission denied (publickey"},
		{"no such socket", address + "/none.sock", "host", "user", "dial unix /none.sock: connect: no such file or directory (is buildkitd running there?)"},
		{"nobody listens", "ssh://127.0.0.1:1", "host", "user", "connect to host 127.0.0.1 port 1: Connection refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server.knows(t, test.known)
			server.uses(t, test.key)
			line := refused(t, nil, test.address)
			if !strings.HasPrefix(line, "mkimage: build scratch: no builder can be reached at "+test.address+": ssh said: ") || !strings.Contains(line, test.want) {
				t.Errorf("got %q, want %q", line, test.want)
			}
		})
	}
	t.Run("no buildctl", func(t *testing.T) {
		t.Setenv("SSH_SETTINGS", filepath.Join(bare.dir, "client"))
		line := refused(t, nil, "ssh://"+me.Username+"@"+bare.address)
		if !strings.Contains(line, "buildctl: ") || !strings.HasSuffix(line, "not found (install buildctl there, on the PATH that ssh gives); https://github.com/sciabarracom/openwhisk-runtime-go/blob/main/docs/buildkit.md says how one is started") {
			t.Errorf("got %q", line)
		}
	})
}

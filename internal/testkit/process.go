package testkit

import (
	"bufio"
	"bytes"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Socket is a line of /proc/net/tcp or tcp6.
type Socket struct {
	Port, state uint64
	Unread      uint64 // bytes; of one that listens: connections
	inode       string
}

const stateListen = 0x0A

// Sockets returns the TCP sockets of this machine: all, or those alone that listen, which stand first.
func Sockets(all bool) iter.Seq[Socket] {
	return func(yield func(Socket) bool) {
		for _, table := range []string{"tcp6", "tcp"} {
			f, err := os.Open("/proc/net/" + table)
			if err != nil {
				continue // a kernel without IPv6
			}
			defer f.Close()
			lines := bufio.NewScanner(f)
			for lines.Scan() {
				words := strings.FieldsFunc(lines.Text(), func(r rune) bool { return r == ' ' || r == ':' })
				if len(words) < 14 || words[0] == "sl" {
					continue
				}
				number := func(hex string) uint64 { n, _ := strconv.ParseUint(hex, 16, 64); return n }
				s := Socket{number(words[2]), number(words[5]), number(words[7]), words[13]}
				if s.state != stateListen && !all {
					break
				}
				if !yield(s) {
					return
				}
			}
		}
	}
}

// listening returns the address at which a process listens, "" for none.
func listening(pid int) string {
	for _, link := range Descriptors(pid) {
		inode, ok := strings.CutPrefix(link, "socket:[")
		if !ok {
			continue
		}
		for s := range Sockets(false) {
			if s.inode+"]" == inode {
				return fmt.Sprintf("127.0.0.1:%d", s.Port)
			}
		}
	}
	return ""
}

// Descriptors returns the targets of the open descriptors of a process, sockets and pipes by their number.
func Descriptors(pid int) []string {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, _ := os.ReadDir(dir)
	var links []string
	for _, e := range entries {
		if link, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			links = append(links, link)
		}
	}
	return links
}

// Descendants returns the processes that a server and its actions started and that are still there, without zombies.
func (s *Server) Descendants() (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == s.Cmd.Process.Pid {
			continue
		}
		environ, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if bytes.Contains(append([]byte{0}, environ...), []byte("\x00"+s.marker+"\x00")) {
			pids = append(pids, pid)
		}
	}
	return pids
}

//go:build linux

package server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestKilobytes(t *testing.T) {
	const status = "Name:\tproxy\nVmHWM:\t    2696 kB\nVmRSS:\t2500 kB\nThreads:\t5\n"
	tests := []struct {
		name string
		want int64
		ok   bool
	}{
		{"VmHWM:", 2696 * 1024, true},
		{"VmRSS:", 2500 * 1024, true},
		{"VmSwap:", 0, false},
		{"Threads:", 0, false}, // not in kB
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := kilobytes([]byte(status), test.name)
			if got != test.want || (err == nil) != test.ok {
				t.Errorf("%d, error %v; want %d", got, err, test.want)
			}
		})
	}
}

func TestMemoryOfThisProcess(t *testing.T) {
	m, err := MemoryOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if m.Resident < 1e6 || m.Peak < m.Resident {
		t.Errorf("memory %+v cannot be that of a Go program", m)
	}
}

// TestProcessorOf holds that the work of a process counts, and that of children that have ended.
func TestProcessorOf(t *testing.T) {
	before, err := ProcessorOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for range 1_000_000 {
		_ = strings.Repeat("work", 4)
	}
	if after, err := ProcessorOf(os.Getpid()); err != nil || after <= before {
		t.Errorf("got %v after %v, %v", after, before, err)
	}
	const stat = "7 (dockerd (a b)) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 25 75 20 0 9 0 1 2 3"
	if got, err := ofChildren(stat); err != nil || got != time.Second {
		t.Errorf("got %v, %v", got, err)
	}
	for _, wrong := range []string{"", "7 (dockerd) S 1", strings.Replace(stat, "75", "x", 1)} {
		if got, err := ofChildren(wrong); err == nil {
			t.Errorf("%q: %v", wrong, got)
		}
	}
}

func TestUpload(t *testing.T) {
	code := []byte("\x7fELF and more")
	path := filepath.Join(t.TempDir(), "exec")
	if err := os.WriteFile(path, code, 0o755); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		size int
		want []byte
	}{
		{"as it is", 0, code},
		{"larger than asked for", 3, code},
		{"padded", 20, append(bytes.Clone(code), make([]byte, 20-len(code))...)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body, err := Upload(path, test.size)
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Value struct {
					Name, Main, Code string
					Binary           bool
				}
			}
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatal(err)
			}
			decoded, err := base64.StdEncoding.DecodeString(got.Value.Code)
			if err != nil || !got.Value.Binary || !bytes.Equal(decoded, test.want) {
				t.Errorf("binary %v, code %q, error %v; want %q", got.Value.Binary, decoded, err, test.want)
			}
		})
	}
}

func TestAServerThatDoesNotAcceptTheActionIsAnError(t *testing.T) {
	if _, err := Start(Command{Path: filepath.Join(t.TempDir(), "absent")}); err == nil {
		t.Error("an absent executable was started")
	}
}

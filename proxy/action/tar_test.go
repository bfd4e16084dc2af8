//go:build linux

package action

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

func TestTarKinds(t *testing.T) {
	for _, c := range []struct {
		name  string
		entry entry
		want  string
	}{
		{"hard link", entry{name: "h", link: "exec", kind: tar.TypeLink}, `the hard link "h": pack files`},
		{"hard link that leaves", entry{name: "h", link: "../../../etc/passwd", kind: tar.TypeLink}, "hard link"},
		{"character device", entry{name: "d", kind: tar.TypeChar}, `"d", which is neither a file, a folder nor a symlink`},
		{"block device", entry{name: "d", kind: tar.TypeBlock}, "neither"},
		{"fifo", entry{name: "p", kind: tar.TypeFifo}, "neither"},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, tarGzOf(t, program("exec"), c.entry), c.want) })
	}
}

// header is a tar header with any type and size.
func header(name string, kind byte, size int) []byte {
	b := make([]byte, 512)
	copy(b, name)
	copy(b[100:], "0000755\x00")
	copy(b[124:], fmt.Sprintf("%011o\x00", size))
	copy(b[257:], "ustar\x0000")
	b[156] = kind
	copy(b[148:], fmt.Sprintf("%06o\x00 ", checksum(b)))
	return b
}

// checksum returns the sum of a header's bytes, with its own field taken as blanks.
func checksum(b []byte) (sum int) {
	for i, c := range b {
		if 148 <= i && i < 156 {
			c = ' '
		}
		sum += int(c)
	}
	return sum
}

// block is content up to whole blocks.
func block(content string) []byte {
	return append([]byte(content), make([]byte, -len(content)&(512-1))...)
}

func paxRecord(key, value string) string {
	record := " " + key + "=" + value + "\n"
	n := len(record)
	for n != len(record)+len(fmt.Sprint(n)) {
		n = len(record) + len(fmt.Sprint(n))
	}
	return fmt.Sprint(n) + record
}

func TestOddTars(t *testing.T) {
	good := append(header("exec", tar.TypeReg, len(script)), block(script)...)
	end := make([]byte, 2*512)
	pax := func(record string) []byte {
		return append(header("pax", tar.TypeXHeader, len(record)), block(record)...)
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	wrongSum := bytes.Clone(good)
	wrongSum[0] ^= 1
	negative := header("exec", tar.TypeReg, 0)
	copy(negative[124:], bytes.Repeat([]byte{0xff}, 12))
	copy(negative[148:], fmt.Sprintf("%06o\x00 ", checksum(negative)))
	for _, c := range []struct {
		name string
		tar  []byte
		want string // the reason, "" when it is accepted
	}{
		{"no end", good, ""},
		{"an old type", join(header("exec", 0, len(script)), block(script)), ""},
		{"a pax path", join(pax(paxRecord("path", "exec")), header("short", tar.TypeReg, len(script)), block(script), end), ""},
		{"a pax size", join(pax(paxRecord("size", fmt.Sprint(len(script)))), header("exec", tar.TypeReg, 0), block(script), end), ""},
		{"a global pax header", join(header("g", tar.TypeXGlobalHeader, 30), block(paxRecord("comment", "x")), good), ""},
		{"a GNU long name", join(header("././@LongLink", 'L', 5), block("exec\x00"), header("short", tar.TypeReg, len(script)), block(script), end), ""},
		{"nothing", end, "it is empty"},
		{"wrong sum", wrongSum, "a header's checksum is wrong"},
		{"cut off in a header", good[:300], "it is cut off"},
		{"cut off in content", good[:512+5], "it is cut off"},
		{"a size of terabytes", join(pax(paxRecord("size", "5000000000000")), good), "more than 512 MiB"},
		{"a size below zero", join(pax(paxRecord("size", "-1")), good), "a header is malformed"},
		{"a size below zero in base 256", negative, "a header is malformed"},
		{"a malformed pax record", join(pax("12 path"), good), "a header is malformed"},
		{"a pax record that is too long", join(pax("99 path=x\n"), good), "a header is malformed"},
		{"a pax path that leads out", join(pax(paxRecord("path", "../evil")), good), "leads out"},
		{"a large pax header", join(header("pax", tar.TypeXHeader, 2<<20), make([]byte, 2<<20), good), "larger than 1 MiB"},
		{"GNU sparse", join(header("s", tar.TypeGNUSparse, 0), good), "sparse"},
		{"pax sparse", join(pax(paxRecord("GNU.sparse.major", "1")), good), "sparse"},
		{"an unknown type", join(header("u", 'Z', 0), good), "neither"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.want != "" {
				refused(t, gzipped(t, c.tar), c.want)
				return
			}
			_, err := place(t, newTestFolder(t), gzipped(t, c.tar))
			must(t, err)
		})
	}
	t.Run("a wrong sum of all", func(t *testing.T) {
		b := gzipped(t, join(good, end))
		b[len(b)-5] ^= 1
		refused(t, b, "its checksum is wrong")
	})
}

// A tar made of extended headers alone unpacks to nothing; it is refused all the same when it is large, in little
// memory.
func TestEndlessExtendedHeaders(t *testing.T) {
	part := append(header("g", tar.TypeXGlobalHeader, 1<<20), make([]byte, 1<<20)...)
	b := gzipped(t, append(part, part...))
	limits := code.Limits{Unpacked: 1 << 20, Entries: 10}
	_, err := code.Unpack(disk, bytes.NewReader(b), int64(len(b)), code.Gzip, t.TempDir(), limits)
	if err == nil || !strings.Contains(err.Error(), "unpacks to more than 1 MiB") {
		t.Errorf("%v", err)
	}
}

// What GNU tar and Info-ZIP write is read.
func TestArchivesOfOtherPrograms(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("long-name-", 15)
	must(t, os.MkdirAll(filepath.Join(dir, "lib", long, long), 0o755))
	for name, content := range map[string]string{"exec": script, "lib/a": "A", "lib/" + long + "/" + long + "/b": strings.Repeat("B", 100000)} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
	}
	must(t, os.Symlink("../exec", filepath.Join(dir, "lib", "l")))
	want := tree(t, dir)
	want["exec"] = "-rwxr-xr-x " + script
	for _, command := range []string{
		"tar czf OUT --format=gnu .", "tar czf OUT --format=pax .", "tar czf OUT --format=ustar exec lib/a lib/l", "tar cf - . | gzip -1 > OUT",
		"zip -qry OUT .", "zip -qryD OUT .", "zip -qry0 OUT .", "zip -qr - exec lib/a | cat > OUT",
	} {
		t.Run(command, func(t *testing.T) {
			program, _, _ := strings.Cut(command, " ")
			if _, err := exec.LookPath(program); err != nil {
				t.Skip("no ", program)
			}
			out := filepath.Join(t.TempDir(), "archive.zip")
			shell := exec.Command("sh", "-c", strings.ReplaceAll(command, "OUT", out))
			shell.Dir = dir
			if text, err := shell.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			b, err := os.ReadFile(out)
			must(t, err)
			f := newTestFolder(t)
			_, err = place(t, f, b)
			must(t, err)
			got := tree(t, f.Dir)
			for name := range got {
				if got[name] != want[name] {
					t.Errorf("%.50q is %.50q, want %.50q", name, got[name], want[name])
				}
			}
			if len(got) < 3 {
				t.Errorf("unpacked only %q", got)
			}
		})
	}
}

// Entries are refused one by one, and none is kept.
func TestManyEntriesTakeLittleMemory(t *testing.T) {
	var b bytes.Buffer
	one := header("same", tar.TypeReg, 0)
	for range 10000 {
		b.Write(one)
	}
	packed := gzipped(t, b.Bytes())
	f := newTestFolder(t)
	f.Limits.Entries = 2000
	u := uploaded(t, f.Dir, packed)
	defer u.Discard()
	upload, err := u.Close(true)
	must(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = f.Place(upload)
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "more than 2000 entries") {
		t.Errorf("%v", err)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 16<<20 {
		t.Errorf("allocated %d bytes for 2000 entries", allocated)
	}
}

func FuzzTar(f *testing.F) {
	f.Add(tarOf(f, program("exec"), file("lib/a", "A"), symlink("l", "lib/a")))
	f.Add(append(header("exec", tar.TypeReg, len(script)), block(script)...))
	f.Add(append(append(header("p", tar.TypeXHeader, 14), block("14 path=a/../b")...), header("x", tar.TypeSymlink, 0)...))
	f.Fuzz(func(t *testing.T, b []byte) { staysWithin(t, code.Gzip, gzipped(t, b)) })
}

func FuzzTarGz(f *testing.F) {
	f.Add(tarGzOf(f, program("exec"), file("lib/a", "A"), symlink("l", "lib/a")))
	f.Fuzz(func(t *testing.T, b []byte) { staysWithin(t, code.Gzip, b) })
}

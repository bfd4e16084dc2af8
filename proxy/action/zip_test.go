//go:build linux

package action

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// A rawZip is a zip with headers as they are given.
type rawZip struct {
	entries []rawEntry
	prefix  string // before the archive
	comment string
	zip64   bool // sizes and places stand in zip64 records
	count   int  // what it says that it holds, more than there is
}

type rawEntry struct {
	name         string
	content      string // as it is stored
	method       uint16
	flags        uint16
	madeBy       byte
	attributes   uint32
	size         int // more than there is
	local        int // of the entry whose content it has, counted from 1
	noSum        bool
	packedBeyond bool
}

func (z rawZip) bytes() []byte {
	le := binary.LittleEndian
	b := []byte(z.prefix)
	var directory []byte
	var places []int
	for _, e := range z.entries {
		place := len(b) - len(z.prefix)
		if e.local > 0 {
			place = places[e.local-1]
		} else {
			b = le.AppendUint32(b, 0x04034b50)
			b = append(b, make([]byte, 22)...)
			b = le.AppendUint16(b, uint16(len(e.name)))
			b = le.AppendUint16(b, 3)
			b = append(b, e.name+"ext"+e.content...)
		}
		places = append(places, place)
		sum, packed, size := crc32.ChecksumIEEE([]byte(e.content)), len(e.content), len(e.content)+e.size
		if e.noSum {
			sum = 0
		}
		if e.packedBeyond {
			packed = 1 << 30
		}
		var extra []byte
		d := le.AppendUint32(directory, 0x02014b50)
		d = append(d, 45, e.madeBy, 45, 0)
		d = le.AppendUint16(le.AppendUint16(d, e.flags), e.method)
		d = le.AppendUint32(append(d, 0, 0, 0, 0), sum)
		if z.zip64 {
			extra = le.AppendUint16(append(extra, 0x55, 0x54, 1, 0, 9), 1)
			extra = le.AppendUint64(le.AppendUint64(le.AppendUint64(le.AppendUint16(extra, 24), uint64(size)), uint64(packed)), uint64(place))
			packed, size, place = 1<<32-1, 1<<32-1, 1<<32-1
		}
		d = le.AppendUint32(le.AppendUint32(d, uint32(packed)), uint32(size))
		d = le.AppendUint16(le.AppendUint16(d, uint16(len(e.name))), uint16(len(extra)))
		d = le.AppendUint32(append(d, 0, 0, 0, 0, 0, 0), e.attributes)
		directory = append(append(le.AppendUint32(d, uint32(place)), e.name...), extra...)
	}
	at, count := len(b)-len(z.prefix), len(z.entries)+z.count
	b = append(b, directory...)
	length, count16 := uint32(len(directory)), uint16(count)
	if z.zip64 {
		end := len(b) - len(z.prefix)
		b = append(le.AppendUint64(le.AppendUint32(b, 0x06064b50), 44), make([]byte, 12)...)
		for _, v := range []int{count, count, len(directory), at} {
			b = le.AppendUint64(b, uint64(v))
		}
		b = append(le.AppendUint64(append(le.AppendUint32(b, 0x07064b50), 0, 0, 0, 0), uint64(end)), 1, 0, 0, 0)
		at, length, count16 = 1<<32-1, 1<<32-1, 1<<16-1
	}
	b = append(le.AppendUint32(b, 0x06054b50), 0, 0, 0, 0)
	b = le.AppendUint16(le.AppendUint16(b, count16), count16)
	b = le.AppendUint32(le.AppendUint32(b, length), uint32(at))
	return append(le.AppendUint16(b, uint16(len(z.comment))), z.comment...)
}

var stored = rawEntry{name: "exec", content: script}

func TestUnusualZips(t *testing.T) {
	windows := []rawEntry{
		{name: `lib\sub\`, attributes: 0x10},
		{name: `lib\sub\a.txt`, content: "A"},
		stored,
	}
	for _, c := range []struct {
		name string
		zip  rawZip
		want map[string]string // beside exec
	}{
		{"stored", rawZip{entries: []rawEntry{stored}}, nil},
		{"a comment", rawZip{entries: []rawEntry{stored}, comment: "made by hand"}, nil},
		{"a comment that looks like an end", rawZip{entries: []rawEntry{stored}, comment: "PK\x05\x06" + strings.Repeat("\xff", 30)}, nil},
		{"the longest comment", rawZip{entries: []rawEntry{stored}, comment: strings.Repeat("c", (1<<16 - 1))}, nil},
		{"made on Windows", rawZip{entries: windows}, map[string]string{"lib/sub/a.txt": "A"}},
		{"zip64", rawZip{entries: []rawEntry{stored}, zip64: true}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newTestFolder(t)
			_, err := place(t, f, c.zip.bytes())
			must(t, err)
			if got, err := os.ReadFile(filepath.Join(f.Dir, "exec")); err != nil || string(got) != script {
				t.Errorf("exec is %q, %v", got, err)
			}
			for name, want := range c.want {
				if got, err := os.ReadFile(filepath.Join(f.Dir, name)); err != nil || string(got) != want {
					t.Errorf("%s is %q, %v", name, got, err)
				}
			}
		})
	}
}

// A zip with something before it is one, whether its offsets count that or not.
func TestZipWithPrefix(t *testing.T) {
	for _, wide := range []bool{false, true} {
		dir := t.TempDir()
		u := uploaded(t, dir, rawZip{entries: []rawEntry{stored}, prefix: "#!/bin/unzip-me\n", zip64: wide}.bytes())
		defer u.Discard()
		file, err := u.Close(true)
		must(t, err)
		target := t.TempDir()
		if _, err := code.Unpack(disk, file, file.size(), code.Zip, target, testLimits); err != nil {
			t.Errorf("zip64 %v: %v", wide, err)
		}
		if got := tree(t, target)["exec"]; got != "-rw-r--r-- "+script {
			t.Errorf("zip64 %v: exec is %q", wide, got)
		}
	}
}

func TestHostileZips(t *testing.T) {
	zeros := string(deflated(t, make([]byte, 1<<20)))
	lying := rawEntry{name: "f", content: zeros, method: zip.Deflate, noSum: true}
	for _, c := range []struct {
		name string
		zip  []byte
		want string
	}{
		{"encrypted", rawZip{entries: []rawEntry{{name: "exec", content: script, flags: 1}}}.bytes(), "encrypted: pack it without a password"},
		{"strongly encrypted", rawZip{entries: []rawEntry{{name: "exec", content: script, flags: 1<<0 | 1<<6 | 1<<13}}}.bytes(), "encrypted"},
		{"another method", rawZip{entries: []rawEntry{{name: "exec", content: script, method: 93}}}.bytes(), "compressed in a way that only few programs know"},
		{"traversal with backslashes", rawZip{entries: []rawEntry{stored, {name: `..\..\evil`}}}.bytes(), "leads out"},
		{"absolute with backslashes", rawZip{entries: []rawEntry{stored, {name: `\evil`}}}.bytes(), "leads out"},
		{"a zero in a name", rawZip{entries: []rawEntry{stored, {name: "a\x00b"}}}.bytes(), "no file can have"},
		{"no name", rawZip{entries: []rawEntry{stored, {name: ""}}}.bytes(), "no file can have"},
		{"a device", rawZip{entries: []rawEntry{stored, {name: "d", madeBy: 3, attributes: 0o020644 << 16}}}.bytes(), `"d", which is neither a file, a folder nor a symlink`},
		{"a fifo", rawZip{entries: []rawEntry{stored, {name: "p", madeBy: 3, attributes: 0o010644 << 16}}}.bytes(), "neither"},
		{"wrong sum", rawZip{entries: []rawEntry{{name: "exec", content: script, noSum: true}}}.bytes(), "its checksum is wrong"},
		{"less than it says", rawZip{entries: []rawEntry{{name: "exec", content: script, size: 5}}}.bytes(), `at "exec": it is cut off`},
		{"more than it says", rawZip{entries: []rawEntry{lying}}.bytes(), "larger than the archive says"},
		{"content beyond the archive", rawZip{entries: []rawEntry{{name: "exec", content: script, packedBeyond: true}}}.bytes(), "outside of the archive"},
		{"more entries than it says", rawZip{entries: []rawEntry{stored, {name: "a"}}, count: -1}.bytes(), "more or fewer entries"},
		{"fewer entries than it says", rawZip{entries: []rawEntry{stored}, count: 1}.bytes(), "more or fewer entries"},
		{"a million entries, it says", rawZip{entries: []rawEntry{stored}, count: 1000000, zip64: true}.bytes(), "more than 65536 entries"},
		{"a size of terabytes", rawZip{entries: []rawEntry{stored, {name: "f", size: 1 << 42}}, zip64: true}.bytes(), "more than 512 MiB"},
		{"a size below zero", rawZip{entries: []rawEntry{stored, {name: "f", size: -1}}, zip64: true}.bytes(), "malformed"},
		{"no directory", []byte("PK\x03\x04" + strings.Repeat("x", 100)), "no directory"},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, c.zip, c.want) })
	}
}

func deflated(t testing.TB, content []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	must(t, err)
	_, err = w.Write(content)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// Entries that share one content are counted each for itself.
func TestOverlappingEntries(t *testing.T) {
	zeros := string(deflated(t, make([]byte, 1<<20)))
	overlapping := rawZip{entries: []rawEntry{{name: "f0", content: zeros, method: zip.Deflate, size: 1<<20 - len(zeros)}}}
	for i := range 20 {
		e := overlapping.entries[0]
		e.name, e.local, e.noSum = "f"+strconv.Itoa(i+1), 1, false
		overlapping.entries = append(overlapping.entries, e)
	}
	sum := crc32.ChecksumIEEE(make([]byte, 1<<20))
	overlappingBytes := bytes.ReplaceAll(overlapping.bytes(), binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(zeros))), binary.LittleEndian.AppendUint32(nil, sum))
	f := newTestFolder(t)
	f.Limits.Unpacked = 8 << 20
	_, err := place(t, f, overlappingBytes)
	if err == nil || !strings.Contains(err.Error(), "unpacks to more than 8 MiB") {
		t.Errorf("%v", err)
	}
	if left := tree(t, f.Dir); len(left) != 0 {
		t.Errorf("left %.1000q", left)
	}
}

func TestJar(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  bool
	}{
		{[]string{"META-INF/MANIFEST.MF", "Main.class"}, true},
		{[]string{"exec", "Main.class"}, false},
		{nil, false},
	} {
		var entries []entry
		for _, name := range c.names {
			entries = append(entries, file(name, ""))
		}
		u := uploaded(t, t.TempDir(), zipOf(t, entries...))
		defer u.Discard()
		file, err := u.Close(true)
		must(t, err)
		if got := code.IsJar(file, file.size()); got != c.want {
			t.Errorf("%q: %v", c.names, got)
		}
	}
}

func TestPackedFolders(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "lib", "sub"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "exec"), []byte(script), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "lib", "sub", "a"), []byte("A"), 0o644))
	must(t, os.Symlink("lib/sub/a", filepath.Join(dir, "link")))
	var b bytes.Buffer
	must(t, Pack(&b, dir))

	again := newTestFolder(t)
	_, err := place(t, again, b.Bytes())
	must(t, err)
	got, want := tree(t, again.Dir), tree(t, dir)
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s is %q, want %q", name, got[name], want[name])
		}
	}
	archive, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	must(t, err)
	for _, f := range archive.File {
		r, err := f.Open()
		must(t, err)
		_, err = io.ReadAll(r)
		must(t, err)
	}
	if err := Pack(io.Discard, filepath.Join(dir, "nowhere")); err == nil {
		t.Error("packed what is not there")
	}
}

func FuzzZip(f *testing.F) {
	f.Add(zipOf(f, program("exec"), file("lib/a", "A"), symlink("l", "lib/a")))
	f.Add(rawZip{entries: []rawEntry{stored}, zip64: true}.bytes())
	f.Add(rawZip{entries: []rawEntry{{name: `a\..\b`, content: "x"}}, prefix: "#!", comment: "c"}.bytes())
	f.Fuzz(func(t *testing.T, b []byte) { staysWithin(t, code.Zip, b) })
}

// staysWithin unpacks an archive, which may fail, and checks that all it wrote lies in its folder and that its symlinks
// stay there.
func staysWithin(t *testing.T, kind code.Kind, b []byte) {
	outside := t.TempDir()
	dir := filepath.Join(outside, "in")
	must(t, os.Mkdir(dir, 0o755))
	u := uploaded(t, outside, b)
	upload, err := u.Close(true)
	must(t, err)
	if _, err := code.Unpack(disk, upload, upload.size(), kind, dir, code.Limits{Code: 1 << 20, Unpacked: 1 << 20, Entries: 100}); err != nil {
		isOneLine(t, err)
	}
	u.Discard()
	for name := range tree(t, outside) {
		if name != "in" && !strings.HasPrefix(name, "in/") {
			t.Errorf("wrote %q", name)
		}
	}
}

package cache

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDoMakesOnce(t *testing.T) {
	dir, _ := Open(t.TempDir())
	made := 0
	produce := func() ([]byte, error) { made++; return []byte("content"), nil }
	for range 3 {
		if got, err := dir.Do("kind", Key("a"), produce); string(got) != "content" || err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	if made != 1 {
		t.Errorf("made %d times, want 1", made)
	}
	if _, err := dir.Do("kind", Key("b"), produce); err != nil || made != 2 {
		t.Errorf("another key: made %d times, want 2 (%v)", made, err)
	}
}

func TestDoMakesBrokenEntriesAnew(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"empty":       func([]byte) []byte { return nil },
		"cut":         func(b []byte) []byte { return b[:len(b)-1] },
		"changed":     func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"grown":       func(b []byte) []byte { return append(b, 0) },
		"sum changed": func(b []byte) []byte { b[0] ^= 1; return b },
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			dir, _ := Open(path)
			made := 0
			produce := func() ([]byte, error) { made++; return []byte("content"), nil }
			if _, err := dir.Do("kind", Key("a"), produce); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(path, "kind", Key("a"))
			entry, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, damage(entry), 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if got, err := dir.Do("kind", Key("a"), produce); string(got) != "content" || err != nil {
					t.Fatalf("got %q, %v", got, err)
				}
			}
			if made != 2 {
				t.Errorf("made %d times, want 2", made)
			}
		})
	}
}

// TestEntriesKnowTheirPlace holds that an entry that a copy or a restore has put under the name of another is not
// believed, and is made anew.
func TestEntriesKnowTheirPlace(t *testing.T) {
	for name, misplace := range map[string]func(file, other string) error{
		"another key's entry": func(file, other string) error {
			entry, err := os.ReadFile(other)
			return errors.Join(err, os.WriteFile(file, entry, 0o600))
		},
		"another kind's entry": func(file, _ string) error {
			entry, err := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(file)), "twin", filepath.Base(file)))
			return errors.Join(err, os.WriteFile(file, entry, 0o600))
		},
		"a link to another key's": func(file, other string) error { return errors.Join(os.Remove(file), os.Symlink(other, file)) },
		"a link to nothing":       func(file, _ string) error { return errors.Join(os.Remove(file), os.Symlink("nowhere", file)) },
		"a link to itself":        func(file, _ string) error { return errors.Join(os.Remove(file), os.Symlink(file, file)) },
		"a folder":                func(file, _ string) error { return errors.Join(os.Remove(file), os.Mkdir(file, 0o700)) },
		"a folder with something": func(file, _ string) error {
			return errors.Join(os.Remove(file), os.MkdirAll(filepath.Join(file, "below"), 0o700))
		},
		"an entry of old form": func(file, _ string) error {
			sum := sha256.Sum256([]byte("old"))
			return os.WriteFile(file, append(sum[:], "old"...), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			dir, _ := Open(path)
			for _, kept := range [][2]string{{"kind", "key"}, {"kind", "other"}, {"twin", "key"}} {
				if err := dir.Replace(kept[0], kept[1], []byte(kept[0]+kept[1])); err != nil {
					t.Fatal(err)
				}
			}
			if err := misplace(filepath.Join(path, "kind", "key"), filepath.Join(path, "kind", "other")); err != nil {
				t.Fatal(err)
			}
			if got, ok := dir.Look("kind", "key"); ok {
				t.Errorf("look: got %v", got)
			}
			if _, ok := dir.Reader("kind", "key"); ok {
				t.Error("there is a reader")
			}
			if got, ok := dir.Last("kind", "key"); ok {
				t.Errorf("last: got %q", got)
			}
			made := 0
			for range 2 {
				got, err := dir.Do("kind", "key", func() ([]byte, error) { made++; return []byte("right"), nil })
				if string(got) != "right" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			}
			if made != 1 {
				t.Errorf("made %d times, want once", made)
			}
			if got, ok := dir.Last("kind", "other"); string(got) != "kindother" || !ok {
				t.Errorf("the other entry has become %q", got)
			}
		})
	}
}

// TestCacheMoves holds that entries are valid in another folder, into which pipelines restore them.
func TestCacheMoves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "here")
	dir, _ := Open(path)
	if err := dir.Replace("kind", "key", []byte("content")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+"-moved"); err != nil {
		t.Fatal(err)
	}
	moved, _ := Open(path + "-moved")
	if got, ok := moved.Last("kind", "key"); string(got) != "content" || !ok {
		t.Errorf("got %q, %v", got, ok)
	}
}

func TestDoKeepsNoErrors(t *testing.T) {
	path := t.TempDir()
	dir, _ := Open(path)
	broken := errors.New("broken")
	if _, err := dir.Do("kind", Key("a"), func() ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(path); len(entries) > 0 {
		t.Errorf("left %v", entries)
	}
}

func TestDoRemovesWhatNobodyUses(t *testing.T) {
	path := t.TempDir()
	dir, _ := Open(path)
	produce := func() ([]byte, error) { return []byte("content"), nil }
	file := func(key string) string { return filepath.Join(path, "kind", Key(key)) }
	long := time.Now().Add(-2 * maxAge)
	for _, key := range []string{"unused", "used"} {
		if _, err := dir.Do("kind", Key(key), produce); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file(key), long, long); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(filepath.Join(path, "kind"+swept), long, long); err != nil { // the last look was long ago
		t.Fatal(err)
	}
	for _, key := range []string{"used", "new"} {
		if _, err := dir.Do("kind", Key(key), produce); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(file("unused")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the unused entry is still there (%v)", err)
	}
	if _, err := os.Stat(file("used")); err != nil {
		t.Error(err)
	}
}

func TestPutAndReader(t *testing.T) {
	path := t.TempDir()
	dir, _ := Open(path)
	produce := func(w io.Writer) error { _, err := io.WriteString(w, "content"); return err }
	want := Entry{SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte("content"))), Size: 7}
	for name, dir := range map[string]Dir{"kept": dir, "measured only": {}} {
		if got, err := dir.Put("kind", "key", produce); got != want || err != nil {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
	if got, ok := dir.Look("kind", "key"); got != want || !ok {
		t.Errorf("looked: got %v, %v, want %v", got, ok, want)
	}
	content, ok := dir.Reader("kind", "key")
	if !ok {
		t.Fatal("nothing is kept")
	}
	text, err := io.ReadAll(content)
	if string(text) != "content" || err != nil || content.Close() != nil {
		t.Errorf("read %q, %v", text, err)
	}

	if err := os.WriteFile(filepath.Join(path, "kind", "key"), []byte(strings.Repeat("x", 32)+"content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := dir.Reader("kind", "key"); ok {
		t.Error("a broken entry can be read")
	}
	if _, ok := (Dir{}).Look("kind", "key"); ok || (Dir{}).Keeps() {
		t.Error("a cache that keeps nothing has something")
	}
}

func TestPutKeepsNoHalf(t *testing.T) {
	dir, _ := Open(t.TempDir())
	broken := errors.New("broken")
	if _, err := dir.Put("kind", "key", func(w io.Writer) error { _, _ = io.WriteString(w, "half"); return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, ok := dir.Look("kind", "key"); ok {
		t.Error("half of it is kept")
	}
}

func TestDoSaysWhatToDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir, _ := Open(file)
	_, err := dir.Do("kind", Key("a"), func() ([]byte, error) { return nil, nil })
	if err == nil || !strings.Contains(err.Error(), "--cache-dir") {
		t.Errorf("got %v", err)
	}
}

func TestOpen(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/user")
	t.Setenv("MKIMAGE_CACHE_DIR", "")
	if dir, err := Open(""); dir.path != "/user/mkimage" || err != nil {
		t.Errorf("got %v, %v", dir, err)
	}
	t.Setenv("MKIMAGE_CACHE_DIR", "/variable")
	if dir, err := Open(""); dir.path != "/variable" || err != nil {
		t.Errorf("got %v, %v", dir, err)
	}
	if dir, err := Open("/flag"); dir.path != "/flag" || err != nil {
		t.Errorf("got %v, %v", dir, err)
	}
	t.Setenv("MKIMAGE_CACHE_DIR", "")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	if _, err := Open(""); err == nil || !strings.Contains(err.Error(), "--cache-dir") {
		t.Errorf("no home: got %v", err)
	}
}

func TestKeyTellsPartsApart(t *testing.T) {
	if Key("ab", "c") == Key("a", "bc") {
		t.Error("parts run together")
	}
}

func TestLast(t *testing.T) {
	dir, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := dir.Last("kind", "key"); ok {
		t.Error("something is there before anything was kept")
	}
	for _, content := range []string{"first", "second"} {
		if err := dir.Replace("kind", "key", []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, ok := dir.Last("kind", "key"); !ok || string(got) != content {
			t.Errorf("got %q, %v, want %q", got, ok, content)
		}
	}
	if err := (Dir{}).Replace("kind", "key", []byte("content")); err != nil {
		t.Error(err)
	}
	if _, ok := (Dir{}).Last("kind", "key"); ok {
		t.Error("a cache that keeps nothing has something")
	}
}

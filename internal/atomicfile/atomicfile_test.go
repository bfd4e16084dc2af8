package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func always(string) bool { return true }
func never(string) bool  { return false }

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b.txt")
	for _, text := range []string{"first", "second"} {
		if err := File(path, content(text)); err != nil {
			t.Fatal(err)
		}
		wantFile(t, path, text)
	}
	wantNames(t, filepath.Dir(path), "b.txt")
}

func TestFileKeepsTheFormerOneWhenWritingFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.txt")
	if err := File(path, content("former")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left")
	err := File(path, func(f *os.File) error {
		_, _ = f.WriteString("half")
		return full
	})
	if !errors.Is(err, full) {
		t.Fatalf("got %v, want %v", err, full)
	}
	wantFile(t, path, "former")
	wantNames(t, filepath.Dir(path), "b.txt")
}

func TestFileReplacesNothingButFiles(t *testing.T) {
	for _, path := range []string{t.TempDir(), os.DevNull} {
		if err := File(path, content("new")); err == nil {
			t.Errorf("%s was replaced", path)
		}
	}
}

func TestFileFollowsALink(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	if err := os.WriteFile(real, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	if err := File(link, content("new")); err != nil {
		t.Fatal(err)
	}
	wantFile(t, real, "new")
}

func TestEditsWaitForEachOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "count")
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := Edit(path, func(former []byte) ([]byte, error) { return append(former, '.'), nil }); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	wantFile(t, path, strings.Repeat(".", 50))
}

func TestEditLeavesAnEqualFileAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	same := func(former []byte) ([]byte, error) { return []byte("same"), nil }
	for _, want := range []bool{true, false} {
		if changed, err := Edit(path, same); err != nil || changed != want {
			t.Errorf("changed = %v, %v; want %v", changed, err, want)
		}
	}
}

func TestDir(t *testing.T) {
	tests := []struct {
		name    string
		before  func(t *testing.T, path string)
		mine    func(string) bool
		foreign bool
	}{
		{"nothing there", func(*testing.T, string) {}, never, false},
		{"an empty folder", func(t *testing.T, path string) { mkdir(t, path) }, never, false},
		{"our own folder", func(t *testing.T, path string) { mkdir(t, path); write(t, path+"/old", "old") }, always, false},
		{"a folder of the user", func(t *testing.T, path string) { mkdir(t, path); write(t, path+"/old", "old") }, never, true},
		{"a file", func(t *testing.T, path string) { write(t, path, "old") }, always, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			parent := t.TempDir()
			path := filepath.Join(parent, "image")
			test.before(t, path)
			err := Dir(path, test.mine, func(dir string) error {
				mkdir(t, dir+"/blobs")
				write(t, dir+"/blobs/x", "new")
				return nil
			})
			if test.foreign {
				if !errors.Is(err, ErrForeign) {
					t.Fatalf("got %v, want ErrForeign", err)
				}
				wantNames(t, parent, "image")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantNames(t, parent, "image")
			wantNames(t, path, "blobs")
			wantFile(t, path+"/blobs/x", "new")
		})
	}
}

func TestDirKeepsTheFormerOneWhenWritingFails(t *testing.T) {
	parent := t.TempDir()
	path := filepath.Join(parent, "image")
	mkdir(t, path)
	write(t, path+"/old", "old")
	interrupted := errors.New("interrupted")
	err := Dir(path, always, func(dir string) error {
		write(t, dir+"/half", "half")
		return interrupted
	})
	if !errors.Is(err, interrupted) {
		t.Fatalf("got %v, want %v", err, interrupted)
	}
	wantNames(t, parent, "image")
	wantNames(t, path, "old")
}

func TestDirModesFollowTheUmask(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	err := Dir(path, never, func(dir string) error {
		return os.WriteFile(dir+"/index.json", nil, 0o700)
	})
	if err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(t.TempDir(), "plain")
	write(t, plain, "")
	if got, want := mode(t, path+"/index.json"), mode(t, plain); got != want {
		t.Errorf("mode %v, want %v", got, want)
	}
}

func TestNextWriterRemovesWhatADeadOneLeft(t *testing.T) {
	parent := t.TempDir()
	mkdir(t, parent+"/"+prefix+"DEAD")
	write(t, parent+"/"+prefix+"DEADFILE", "half")
	alive, err := create(parent, func(name string) error { return os.Mkdir(name, 0o777) })
	if err != nil {
		t.Fatal(err)
	}
	if err := File(parent+"/b.txt", content("new")); err != nil {
		t.Fatal(err)
	}
	wantNames(t, parent, filepath.Base(alive.name), "b.txt")
	alive.discard()
	wantNames(t, parent, "b.txt")
}

func content(text string) func(*os.File) error {
	return func(f *os.File) error {
		_, err := f.WriteString(text)
		return err
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	stat, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return stat.Mode()
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s holds %q, want %q", path, got, want)
	}
}

func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %v, want %v", dir, got, want)
	}
}

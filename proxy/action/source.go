//go:build linux

package action

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strconv"
)

// A Source is an upload as ActionLoop runtimes lay it out: NUMBER/src holds what
// came, NUMBER/bin what is run.
type Source struct {
	Root, Src, Bin string // absolute
}

// Exec is the executable to run.
func (s *Source) Exec() string { return filepath.Join(s.Bin, execName) }

// Source puts an upload into a new numbered folder. A zip is unpacked, unless it
// is a jar and saveJar names the file to keep it in. Only the archive is
// checked: what it holds may be anything that a compiler takes.
func (f *Folder) Source(upload *os.File, saveJar string) (*Source, error) {
	root := filepath.Join(f.Dir, strconv.Itoa(f.highest()+1))
	s := &Source{Root: root, Src: filepath.Join(root, "src"), Bin: filepath.Join(root, "bin")}
	if err := os.MkdirAll(s.Src, 0o755); err != nil {
		return nil, unwritable(f.Dir, err)
	}
	if err := f.fill(s.Src, upload, saveJar); err != nil {
		os.RemoveAll(root)
		return nil, err
	}
	return s, nil
}

func (f *Folder) fill(src string, upload *os.File, saveJar string) error {
	first, err := firstBytes(upload)
	if err != nil {
		return refuse("no file")
	}
	name := execName
	switch kind := kindOf(first); {
	case kind == Zip && saveJar != "" && isJar(upload):
		name = filepath.Base(saveJar)
	case kind == Zip || kind == Gzip:
		_, err := unpack(upload, kind, src, f.Limits)
		return err
	}
	if err := upload.Chmod(0o755); err != nil {
		return unwritable(src, err)
	}
	upload.Close()
	if err := os.Rename(upload.Name(), filepath.Join(src, name)); err != nil {
		return unwritable(src, err)
	}
	return nil
}

// highest is the highest number that a folder has.
func (f *Folder) highest() int {
	highest := 0
	entries, _ := os.ReadDir(f.Dir)
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil && n > highest {
			highest = n
		}
	}
	return highest
}

// Compiled reports whether the source is something that runs as it is: a program
// or a script.
func (s *Source) Compiled() bool {
	file, err := os.Open(filepath.Join(s.Src, execName))
	if err != nil {
		return false
	}
	defer file.Close()
	first, _ := firstBytes(file)
	kind := kindOf(first)
	return kind == ELF || kind == Script
}

// Checked says why the executable cannot run here, if that can be seen, and
// makes it executable.
func (f *Folder) Checked(s *Source) (*Executable, error) {
	if _, err := os.Stat(s.Exec()); err != nil {
		return nil, refuse("there is no exec in ", s.Bin)
	}
	os.Chmod(s.Exec(), 0o755)
	return f.checked(s.Bin, s.Exec())
}

// isJar reports whether a zip holds a manifest, as jars do.
func isJar(file *os.File) bool {
	info, err := file.Stat()
	if err != nil {
		return false
	}
	archive, err := zip.NewReader(file, info.Size())
	if err != nil {
		return false
	}
	for _, f := range archive.File {
		if f.Name == "META-INF/MANIFEST.MF" {
			return true
		}
	}
	return false
}

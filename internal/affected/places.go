package affected

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxLinks is Linux's limit for the symbolic links on the way to a file.
const maxLinks = 40

// places returns the paths at which git may report a change of a file: each symbolic link on the way to it, and the target
// of the last one. All names are absolute, and of a file that is not there, as far as there are folders.
func places(name string) []string {
	var links []string
	at, rest := string(filepath.Separator), split(name)
	if volume := filepath.VolumeName(name); volume != "" {
		at = volume + at
	}
	for len(rest) > 0 {
		next := rest[0]
		rest = rest[1:]
		if next == ".." {
			at = filepath.Dir(at)
			continue
		}
		at = filepath.Join(at, next)
		stat, err := os.Lstat(at)
		if err != nil || stat.Mode()&fs.ModeSymlink == 0 || len(links) == maxLinks {
			continue
		}
		links = append(links, at)
		target, err := os.Readlink(at)
		switch {
		case err != nil:
			continue
		case filepath.IsAbs(target):
			at = filepath.VolumeName(target) + string(filepath.Separator)
		default:
			at = filepath.Dir(at)
		}
		rest = append(split(target), rest...)
	}
	return append(links, at)
}

// split returns the elements of a name. ".." is among them: behind a link, it is the folder above the link's end.
func split(name string) []string {
	name = filepath.ToSlash(name)[len(filepath.VolumeName(name)):]
	var all []string
	for element := range strings.SplitSeq(name, "/") {
		if element != "" && element != "." {
			all = append(all, element)
		}
	}
	return all
}

// linked returns the places of all that symbolic links in a folder lead to. Of a Go package, those are files beside its
// own.
func linked(dir string, isPackage bool) []string {
	var all []string
	seen := map[string]bool{}
	folders := []string{dir}
	for len(folders) > 0 {
		folder := folders[0]
		folders = folders[1:]
		if seen[folder] {
			continue
		}
		seen[folder] = true
		_ = filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error { // unreadable files cannot be built from
			switch {
			case err != nil:
				return nil
			case entry.IsDir() && (entry.Name() == ".git" || isPackage && name != folder):
				return filepath.SkipDir
			case entry.Type()&fs.ModeSymlink == 0:
				return nil
			}
			found := places(name)
			all = append(all, found...)
			if end := found[len(found)-1]; !isPackage && isDir(end) {
				folders = append(folders, end)
			}
			return nil
		})
	}
	return all
}

func isDir(name string) bool {
	stat, err := os.Stat(name)
	return err == nil && stat.IsDir()
}

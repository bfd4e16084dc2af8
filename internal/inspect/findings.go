package inspect

import (
	"archive/tar"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
)

// Findings are the facts about an image's files that somebody should look at.
type Findings struct {
	WastedBytes int64       `json:"wasted_bytes"` // of hidden files, and of these duplicates but for one of each
	Hidden      []Hidden    `json:"hidden,omitempty"`
	Duplicates  []Duplicate `json:"duplicates,omitempty"`
	Setuid      []Owned     `json:"setuid,omitempty"` // files that run as their owner or group
	Odd         []Owned     `json:"odd,omitempty"`    // files of unusual owners or modes
}

// Hidden is a file that nobody sees: an upper layer replaces or removes it.
type Hidden struct {
	Path  string `json:"path"`
	Layer string `json:"layer"`
	Bytes int64  `json:"bytes"`
}

// Duplicate is a content that several files of the image have, not all of them of one package, whose maker chose so.
type Duplicate struct {
	Bytes int64    `json:"bytes"` // of one of them
	Paths []string `json:"paths"` // with the layer before each, as LAYER:PATH
}

// Owned is a file or a folder with its mode and owner.
type Owned struct {
	Path  string `json:"path"`
	Layer string `json:"layer"`
	Mode  string `json:"mode"`  // octal
	Owner string `json:"owner"` // UID:GID
	Why   string `json:"why,omitempty"`
}

// Findings searches all files. user is the user in the image's config, such as "65532:65532".
func (a Anatomy) Findings(user string) Findings {
	var found Findings
	seen := map[string]int{}
	same := map[string]*Duplicate{} // by hash
	packages := map[string]int{}    // by hash: the place in Installed of the package that has all files, or -1
	for _, f := range a.Files {
		seen[f.Path] = f.Layer
		if f.Size == 0 {
			continue
		}
		of, owned := a.owner[f.Path]
		if !owned {
			of = -1
		}
		if same[f.SHA256] == nil {
			same[f.SHA256], packages[f.SHA256] = &Duplicate{Bytes: f.Size}, of
		} else if packages[f.SHA256] != of {
			packages[f.SHA256] = -1
		}
		same[f.SHA256].Paths = append(same[f.SHA256].Paths, a.Names[f.Layer]+":"+f.Path)
	}
	for hash, duplicate := range same {
		if len(duplicate.Paths) > 1 && packages[hash] < 0 {
			found.Duplicates = append(found.Duplicates, *duplicate)
			found.WastedBytes += duplicate.Bytes * int64(len(duplicate.Paths)-1)
		}
	}
	slices.SortFunc(found.Duplicates, func(a, b Duplicate) int {
		return cmp.Or(cmp.Compare(b.Bytes*int64(len(b.Paths)-1), a.Bytes*int64(len(a.Paths)-1)), cmp.Compare(a.Paths[0], b.Paths[0]))
	})
	usual := a.usual(user)
	top := map[string]Owned{} // the owner of a path in the uppermost layer that has it
	setuid := map[string]bool{}
	for place, layer := range a.Layers {
		hidden := content.Cover(layer)
		maps.DeleteFunc(top, func(path string, _ Owned) bool { return hidden(path) })
		for _, entry := range layer.Entries {
			if content.IsWhiteout(entry.Path) {
				continue
			}
			if at, is := seen[entry.Path]; entry.Type == tar.TypeReg && entry.Size > 0 && (!is || at != place) {
				found.Hidden = append(found.Hidden, Hidden{entry.Path, a.Names[place], entry.Size})
				found.WastedBytes += entry.Size
			}
			delete(top, entry.Path)
			why := odd(entry, usual)
			runs := entry.Type == tar.TypeReg && entry.Mode&0o6000 != 0
			setuid[entry.Path] = runs
			if why != "" || runs {
				top[entry.Path] = Owned{entry.Path, a.Names[place], fmt.Sprintf("%04o", entry.Mode&0o7777), fmt.Sprintf("%d:%d", entry.UID, entry.GID), why}
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(top)) {
		if setuid[path] {
			found.Setuid = append(found.Setuid, top[path])
		}
		if top[path].Why != "" {
			found.Odd = append(found.Odd, top[path])
		}
	}
	slices.SortStableFunc(found.Hidden, func(a, b Hidden) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return found
}

// owners are the numbers that users and groups usually have.
type owners struct{ users, groups map[int]bool }

// usual returns the numbers of root, of the image's user, and of those that the image itself has names for.
func (a Anatomy) usual(user string) owners {
	usual := owners{map[int]bool{0: true}, map[int]bool{0: true}}
	for _, word := range strings.Split(user, ":") {
		if id, err := strconv.Atoi(word); err == nil {
			usual.users[id], usual.groups[id] = true, true
		}
	}
	for path, ids := range map[string]map[int]bool{content.UsersPath: usual.users, content.GroupsPath: usual.groups} {
		for line := range strings.Lines(string(a.Texts[path])) {
			if fields := strings.Split(line, ":"); len(fields) > 2 {
				if id, err := strconv.Atoi(fields[2]); err == nil {
					ids[id] = true
				}
			}
		}
	}
	return usual
}

// odd returns the reason why a file is unusual, or "".
func odd(entry content.Entry, usual owners) string {
	var why []string
	switch {
	case entry.Type != tar.TypeReg && entry.Type != tar.TypeDir:
		if slices.Contains([]byte{tar.TypeChar, tar.TypeBlock, tar.TypeFifo}, entry.Type) {
			why = append(why, "a device or a pipe")
		}
	case entry.Mode&0o002 != 0 && entry.Type == tar.TypeReg:
		why = append(why, "anybody may write it")
	case entry.Mode&0o002 != 0 && entry.Mode&0o1000 == 0:
		why = append(why, "anybody may replace files in it")
	}
	if !usual.users[entry.UID] {
		why = append(why, "no user has its owner's number")
	}
	if !usual.groups[entry.GID] {
		why = append(why, "no group has its group's number")
	}
	return strings.Join(why, "; ")
}

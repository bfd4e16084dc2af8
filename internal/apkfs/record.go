package apkfs

import (
	"archive/tar"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"chainguard.dev/apko/pkg/apk/types"
)

// A record describes one package, with "K:value" on a line for each field, and ends with an empty line. An index of a
// repository and the database of installed packages both are lists of records
// (https://wiki.alpinelinux.org/wiki/Apk_spec).
type record struct {
	types.Package
	files []string // paths of files and links, without a leading slash; an index has none
}

// readRecords reads an index or a database. Fields that it does not know are left out.
func readRecords(text []byte) ([]record, error) {
	var all []record
	one, begun, dir, number := record{}, false, "", 0
	end := func() error {
		switch {
		case !begun:
			return nil
		case one.Name == "":
			return fmt.Errorf("line %d: a package has no name", number)
		case one.Version == "":
			return fmt.Errorf("line %d: package %s has no version", number, one.Name)
		}
		all = append(all, one)
		one, begun, dir = record{}, false, ""
		return nil
	}
	for line := range bytes.Lines(text) {
		number++
		field := string(bytes.TrimSuffix(line, []byte("\n")))
		if field == "" {
			if err := end(); err != nil {
				return nil, err
			}
			continue
		}
		if len(field) < 2 || field[1] != ':' {
			return nil, fmt.Errorf("line %d is %.40q, and a field is written as K:value", number, field)
		}
		begun = true
		switch key, value := field[0], field[2:]; key {
		case 'F':
			dir = value
		case 'R':
			one.files = append(one.files, path.Join(dir, value))
		default:
			if err := set(&one.Package, key, value); err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
		}
	}
	return all, end()
}

// set puts the value of a field into a package.
func set(p *types.Package, key byte, value string) (err error) {
	switch key {
	case 'P':
		p.Name = value
	case 'V':
		p.Version = value
	case 'A':
		p.Arch = value
	case 'L':
		p.License = value
	case 'T':
		p.Description = value
	case 'o':
		p.Origin = value
	case 'm':
		p.Maintainer = value
	case 'U':
		p.URL = value
	case 'c':
		p.RepoCommit = value
	case 'D':
		p.Dependencies = strings.Fields(value)
	case 'p':
		p.Provides = strings.Fields(value)
	case 'i':
		p.InstallIf = strings.Fields(value)
	case 'r':
		p.Replaces = strings.Fields(value)
	case 'S':
		p.Size, err = strconv.ParseUint(value, 10, 63)
	case 'I':
		p.InstalledSize, err = strconv.ParseUint(value, 10, 63)
	case 'k':
		p.ProviderPriority, err = strconv.ParseUint(value, 10, 31)
	case 't':
		p.BuildDate, err = strconv.ParseInt(value, 10, 64)
	case 'C':
		// "Q1" stands for SHA-1. apk 3 has other sums, too.
		if sum, ok := strings.CutPrefix(value, "Q1"); ok {
			p.Checksum, err = base64.StdEncoding.DecodeString(sum)
		}
	}
	if err != nil {
		return fmt.Errorf("field %c: %w", key, cmp.Or(errors.Unwrap(err), err))
	}
	return nil
}

// installedRecord returns the record of an installed package for the database, with its folders and files.
func installedRecord(p *types.Package, files []tar.Header) []byte {
	var text bytes.Buffer
	field := func(key byte, value string) {
		if value != "" {
			fmt.Fprintf(&text, "%c:%s\n", key, strings.ReplaceAll(value, "\n", " "))
		}
	}
	field('P', p.Name)
	field('V', p.Version)
	field('A', p.Arch)
	field('L', p.License)
	field('T', p.Description)
	field('o', p.Origin)
	field('m', p.Maintainer)
	field('U', p.URL)
	field('D', strings.Join(p.Dependencies, " "))
	field('p', strings.Join(p.Provides, " "))
	field('r', strings.Join(p.Replaces, " "))
	field('c', p.RepoCommit)
	field('i', strings.Join(p.InstallIf, " "))
	field('t', strconv.FormatInt(p.BuildDate, 10))
	field('S', strconv.FormatUint(p.Size, 10))
	field('I', strconv.FormatUint(p.InstalledSize, 10))
	if p.ProviderPriority != 0 {
		field('k', strconv.FormatUint(p.ProviderPriority, 10))
	}
	field('C', p.ChecksumString())

	for _, dir := range byFolder(files) {
		fmt.Fprintf(&text, "F:%s\n", dir.name)
		if dir.header != nil {
			text.WriteString(permissions('M', dir.header, 0o755))
		}
		for _, file := range dir.files {
			fmt.Fprintf(&text, "R:%s\n", path.Base(file.Name))
			text.WriteString(permissions('a', file, 0o644))
			if sum, err := hex.DecodeString(file.PAXRecords["APK-TOOLS.checksum.SHA1"]); err == nil && len(sum) > 0 {
				fmt.Fprintf(&text, "Z:Q1%s\n", base64.StdEncoding.EncodeToString(sum))
			}
		}
	}
	text.WriteByte('\n')
	return text.Bytes()
}

// permissions returns the line of an owner and a mode that are not the usual ones.
func permissions(key byte, header *tar.Header, usual int64) string {
	mode := header.Mode & 0o7777
	if mode == usual && header.Uid == 0 && header.Gid == 0 {
		return ""
	}
	return fmt.Sprintf("%c:%d:%d:%04o\n", key, header.Uid, header.Gid, mode)
}

// folder is a folder of a record: its header is nil where the package has none.
type folder struct {
	name   string
	header *tar.Header
	files  []*tar.Header
}

// byFolder sorts headers as the database has them: a folder, its files, then the folders in it. The root is there only
// with files in it.
func byFolder(headers []tar.Header) []*folder {
	folders := map[string]*folder{}
	at := func(name string) *folder {
		if name == "." {
			name = ""
		}
		if folders[name] == nil {
			folders[name] = &folder{name: name}
		}
		return folders[name]
	}
	for i := range headers {
		if header := &headers[i]; header.Typeflag == tar.TypeDir {
			at(header.Name).header = header
		} else {
			dir := at(path.Dir(header.Name))
			dir.files = append(dir.files, header)
		}
	}
	all := slices.SortedFunc(maps.Values(folders), func(a, b *folder) int {
		return slices.Compare(strings.Split(a.name, "/"), strings.Split(b.name, "/"))
	})
	for _, dir := range all {
		slices.SortFunc(dir.files, func(a, b *tar.Header) int { return strings.Compare(a.Name, b.Name) })
	}
	return all
}

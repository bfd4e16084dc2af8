package git

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Version is a file as a commit left it.
type Version struct {
	Commit  string // the hash
	Date    string // of the commit, as YYYY-MM-DD
	Subject string // the first line of its message
	Text    []byte // nil where the commit took the file away
}

// mostVersions are looked at, the newest.
const mostVersions = 1000

// Versions returns the versions of a file in the commits that lead to HEAD, the oldest first, and reports whether the
// clone is shallow, so that there may be older ones.
func Versions(ctx context.Context, file string) (versions []Version, shallow bool, err error) {
	top, err := Run(ctx, "", "rev-parse", "--is-shallow-repository", "--show-prefix")
	if err != nil {
		return nil, false, err
	}
	is, prefix, _ := strings.Cut(string(top), "\n")
	if _, err := Run(ctx, "", "rev-parse", "--verify", "--quiet", "HEAD^{commit}"); err != nil {
		return nil, false, errors.New("there is no commit in this repository yet")
	}
	name := path.Join(strings.TrimSpace(prefix), filepath.ToSlash(file))
	listed, err := Run(ctx, "", "log", "--first-parent", "-m", "--no-show-signature", "--no-renames", "--max-count="+strconv.Itoa(mostVersions), "--format=%H%x00%cs%x00%s", "-z", "HEAD", "--", ":(top,literal)"+name)
	if err != nil {
		return nil, false, err
	}
	fields := strings.Split(strings.TrimSuffix(string(listed), "\x00"), "\x00")
	for i := 0; i+2 < len(fields); i += 3 {
		versions = append(versions, Version{Commit: fields[i], Date: fields[i+1], Subject: fields[i+2]})
	}
	if len(versions) == 0 {
		return nil, is == "true", nil
	}
	var asked strings.Builder
	for _, v := range versions {
		asked.WriteString(v.Commit + ":" + name + "\n")
	}
	if strings.Contains(name, "\n") {
		return nil, false, errors.New("a name with a line end has no history here")
	}
	texts, err := batch(ctx, asked.String())
	if err != nil {
		return nil, false, err
	}
	for i := range versions {
		if i < len(texts) {
			versions[i].Text = texts[i]
		}
	}
	slices.Reverse(versions)
	return versions, is == "true", nil
}

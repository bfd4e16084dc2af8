package action

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// ignoreFile names files that stay out of an image, as for docker build. It stays out itself.
const ignoreFile = ".dockerignore"

// ignored are the patterns of a .dockerignore.
type ignored struct {
	*patternmatcher.PatternMatcher
	decided *patternmatcher.PatternMatcher // of those with "!", without it
}

func readIgnored(file string) (ignored, error) {
	var patterns, decided []string
	text, err := os.Open(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return ignored{}, fmt.Errorf("read %s: %w", show(file), human.Reason(err))
	default:
		defer text.Close()
		if patterns, err = ignorefile.ReadAll(io.LimitReader(text, 1<<20)); err != nil {
			return ignored{}, fmt.Errorf("read %s: %w", show(file), human.Reason(err))
		}
	}
	for _, pattern := range patterns {
		if kept, ok := strings.CutPrefix(pattern, "!"); ok {
			decided = append(decided, kept)
		}
	}
	var all ignored
	all.PatternMatcher, err = patternmatcher.New(patterns)
	if err == nil {
		all.decided, err = patternmatcher.New(decided)
	}
	if err != nil {
		return ignored{}, fmt.Errorf("%s: %w", show(file), err)
	}
	return all, nil
}

// decides reports whether a pattern with "!" names the file itself, and not just a folder above it.
func (i ignored) decides(name string) bool {
	matches, err := i.decided.MatchesOrParentMatches(name)
	above, aboveErr := i.decided.MatchesOrParentMatches(path.Dir(name))
	return matches && !above && err == nil && aboveErr == nil
}

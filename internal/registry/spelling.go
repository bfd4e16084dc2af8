package registry

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/destination"
)

// The limits of references (OCI distribution-spec, "Pulling manifests"; the grammar of Docker and podman).
const (
	longestTag        = 128
	longestRepository = 255
	firstOfTag        = letters + "_"
	inTag             = letters + "_.-"
	inRepository      = "abcdefghijklmnopqrstuvwxyz0123456789._-"
	letters           = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

// stand replaces {name} for the check: a valid part of a repository or tag that nobody uses.
const stand = "0mkimage0name0"

// misspelled is the error for an invalid reference.
type misspelled struct{ text, form, problem, near string }

func (e *misspelled) Error() string {
	return fmt.Sprintf("%q is not %s: %s%s", e.text, e.form, e.problem, e.advice())
}

func (e *misspelled) advice() string {
	if e.near == "" {
		return ""
	}
	return "; write " + e.near
}

func check(text, form, problem, near string) error {
	if problem == "" {
		return nil
	}
	return &misspelled{text, form, problem, strings.ReplaceAll(near, stand, destination.Placeholder)}
}

// CheckTag returns an error for an invalid tag, with the first wrong character and the nearest valid tag.
func CheckTag(tag string) error {
	problem, near := spellTag(destination.Fill(tag, stand))
	return check(tag, "a tag", problem, near)
}

// CheckReference returns an error for an invalid REPOSITORY[:TAG], with the nearest valid one. {name} may stand in it.
func CheckReference(text string) error {
	problem, near := spell(destination.Fill(text, stand))
	return check(text, "REPOSITORY[:TAG]", problem, near)
}

// CheckRepository does the same for HOST/PATH, the parent of repositories. It may end in "/".
func CheckRepository(text string) error {
	const form = "HOST/PATH"
	if text == "" {
		return check(text, form, "it is empty", "")
	}
	whole := strings.TrimSuffix(text, "/") + "/" + stand
	if _, rest := splitHost(whole); strings.Contains(rest, ":") && !strings.Contains(whole, "://") {
		before, _, _ := strings.Cut(strings.TrimSuffix(whole, "/"+stand), ":")
		if host, path := splitHost(text); host != "" {
			path, _, _ = strings.Cut(path, ":")
			before = host + "/" + path
		}
		return check(text, form, `it has no tag (":")`, before+", and give the tag with --tag")
	}
	problem, near := spell(whole)
	return check(text, form, problem, strings.TrimSuffix(near, "/"+stand))
}

// spell returns the mistake in REPOSITORY[:TAG], or "", and the nearest valid spelling.
func spell(text string) (problem, near string) {
	if scheme, rest, found := strings.Cut(text, "://"); found {
		_, near := spell(strings.Trim(rest, "/"))
		return fmt.Sprintf("a repository has no scheme (%q)", scheme+"://"), near
	}
	if before, _, found := strings.Cut(text, "@"); found {
		_, near := spell(before)
		return `a push sets tags, not digests ("@")`, near
	}
	host, rest := splitHost(text)
	path, tag, tagged := strings.Cut(rest, ":")
	problem, near = spellPath(path)
	if host != "" {
		if _, err := name.NewRegistry(host); err != nil {
			return fmt.Sprintf("%q is not HOST[:PORT]", host), ""
		}
		near = host + "/" + near
	}
	if tagged {
		wrong, nearest := spellTag(tag)
		problem, near = cmp.Or(problem, wrong), near+":"+nearest
	}
	if problem == "" && len(path) > longestRepository {
		problem, near = fmt.Sprintf("a repository has at most %d characters", longestRepository), ""
	}
	return problem, near
}

// splitHost splits a reference as Docker does: the text before the first "/" is a host if it has a "." or a port, or is
// localhost.
func splitHost(text string) (host, rest string) {
	first, rest, found := strings.Cut(text, "/")
	bare, port, hasPort := first, "", false
	if i := strings.LastIndex(first, ":"); i > strings.LastIndex(first, "]") {
		bare, port, hasPort = first[:i], first[i+1:], true
	}
	isPort := port != "" && strings.Trim(port, "0123456789") == ""
	if !found || hasPort && !isPort || !hasPort && bare != "localhost" && !strings.ContainsAny(bare, ".[") {
		return "", text
	}
	return first, rest
}

func spellTag(tag string) (problem, near string) {
	near = strings.TrimLeft(keep(tag, inTag), ".-")
	near = cmp.Or(near[:min(len(near), longestTag)], "latest")
	if tag == "" {
		return "it is empty", near
	}
	if !strings.ContainsRune(firstOfTag, rune(tag[0])) && strings.ContainsRune(inTag, rune(tag[0])) {
		return fmt.Sprintf("a tag does not begin with %q", tag[:1]), near
	}
	if wrong := first(tag, inTag); wrong != "" {
		return fmt.Sprintf("a tag has no %q", wrong), near
	}
	if len(tag) > longestTag {
		return fmt.Sprintf("a tag has at most %d characters", longestTag), near
	}
	return "", tag
}

var (
	partOfRepository = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)
	separators       = regexp.MustCompile(`[._-]+`)
	separator        = regexp.MustCompile(`^(?:\.|_|__|-+)$`)
)

func spellPath(path string) (problem, near string) {
	var parts []string
	for _, part := range strings.Split(path, "/") {
		problem = cmp.Or(problem, wrongPart(part))
		nearest := separators.ReplaceAllStringFunc(keep(strings.ToLower(part), inRepository), func(between string) string {
			if separator.MatchString(between) {
				return between
			}
			return "-"
		})
		if nearest = strings.Trim(nearest, "._-"); nearest != "" {
			parts = append(parts, nearest)
		}
	}
	return problem, cmp.Or(strings.Join(parts, "/"), "NAME")
}

func wrongPart(part string) string {
	wrong := first(part, inRepository)
	switch {
	case part == "":
		return `a repository has no empty part, before, after or between "/"`
	case wrong != "" && strings.Contains(letters, wrong):
		return fmt.Sprintf("a repository has no upper case (%q)", wrong)
	case wrong != "":
		return fmt.Sprintf("a repository has no %q", wrong)
	case partOfRepository.MatchString(part):
		return ""
	case strings.Trim(part, "._-") != part:
		edge := part[:1]
		if strings.Contains("._-", edge) {
			return fmt.Sprintf("a part of a repository does not begin with %q", edge)
		}
		return fmt.Sprintf("a part of a repository does not end with %q", part[len(part)-1:])
	}
	return fmt.Sprintf(`%q has more than one of ".", "_", "__" or "-" in a row`, part)
}

// first returns the first character that is not allowed, or "".
func first(text, allowed string) string {
	for _, c := range text {
		if !strings.ContainsRune(allowed, c) {
			return string(c)
		}
	}
	return ""
}

// keep replaces each character that is not allowed by "-".
func keep(text, allowed string) string {
	return strings.Map(func(c rune) rune {
		if !strings.ContainsRune(allowed, c) {
			return '-'
		}
		return c
	}, text)
}

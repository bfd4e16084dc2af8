package referrers

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The limits of a list that comes in pages.
const (
	maxPages  = 64
	maxListed = 1 << 16
)

// ask asks the referrers API. It is not there unless the answer is 200 with a list: registries without it answer 404,
// 400, 403 or 500, a page for people, or a way to their login. A further page that cannot be had is left out.
func (r *Registry) ask(ctx context.Context, subject Subject) (listed []Listed, there bool) {
	path := "referrers/" + subject.Descriptor.Digest.String()
	for range maxPages {
		answer, err := r.session(subject.Repository).Do(ctx, http.MethodGet, path, http.Header{"Accept": {string(types.OCIImageIndex)}}, nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			break
		}
		page, ok := parseIndex(answer.Text)
		if !ok {
			break
		}
		there = true
		listed = append(listed, page.listed...)
		next, err := answer.Request.URL.Parse(nextPage(answer.Header))
		if nextPage(answer.Header) == "" || err != nil || len(listed) > maxListed {
			break
		}
		path = next.String()
	}
	return union(listed), there
}

// nextPage returns where the header Link leads for more (RFC 8288; distribution-spec, "Listing Referrers"), or "".
func nextPage(header http.Header) string {
	for _, value := range header.Values("Link") {
		for value != "" {
			start, end := strings.Index(value, "<"), strings.Index(value, ">")
			if start < 0 || end < start {
				break
			}
			target, rest := value[start+1:end], value[end+1:]
			parameters := rest
			if next := strings.Index(rest, "<"); next >= 0 { // the next link of this value
				parameters, value = rest[:next], rest[next:]
			} else {
				value = ""
			}
			for _, parameter := range strings.FieldsFunc(parameters, func(c rune) bool { return c == ';' || c == ',' }) {
				name, relation, _ := strings.Cut(strings.TrimSpace(parameter), "=")
				relations := strings.Fields(strings.Trim(strings.TrimSpace(relation), `"`))
				if _, err := url.Parse(target); err != nil || !strings.EqualFold(strings.TrimSpace(name), "rel") {
					continue
				}
				for _, one := range relations {
					if strings.EqualFold(one, "next") {
						return target
					}
				}
			}
		}
	}
	return ""
}

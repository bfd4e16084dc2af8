package referrers

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The limits of a list that comes in pages.
const (
	maxPages  = 64
	maxListed = 1 << 16
)

// ask asks the referrers API. It is not there unless the answer is 200 with a list: registries without it answer 404,
// 400, 403 or 500, a page for people, or a way to their login. A further page that cannot be had is left out. The status
// is that of the first answer, or 0.
func (r *Registry) ask(ctx context.Context, subject Subject) (listed []Listed, there bool, status int) {
	path := "referrers/" + subject.Descriptor.Digest.String()
	for range maxPages {
		answer, err := r.session(subject.Repository).Do(ctx, http.MethodGet, path, http.Header{"Accept": {string(types.OCIImageIndex)}}, nil)
		if err == nil && status == 0 {
			status = answer.StatusCode
		}
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
	return union(listed), there, status
}

// api says whether a registry has the referrers API, when that is known.
type api struct {
	mutex       sync.Mutex // held while it is asked for the first time
	known, none bool
}

// askAgain asks for referrers that were put, unless the registry is known to have no API: it has answered 404 for an
// image that has referrers, which one with the API must not do (distribution-spec, "Listing Referrers").
func (r *Registry) askAgain(ctx context.Context, subject Subject) (listed []Listed, there bool) {
	one := r.apiOf(subject.Repository.RegistryStr())
	one.mutex.Lock()
	if !one.known {
		defer one.mutex.Unlock()
		listed, there, status := r.ask(ctx, subject)
		one.none = status == http.StatusNotFound
		one.known = one.none || there
		return listed, there
	}
	none := one.none
	one.mutex.Unlock()
	if none {
		return nil, false
	}
	listed, there, _ = r.ask(ctx, subject)
	return listed, there
}

func (r *Registry) apiOf(host string) *api {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.apis[host] == nil {
		r.apis[host] = &api{}
	}
	return r.apis[host]
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

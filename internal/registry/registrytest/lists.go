package registrytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
)

const emptyList = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`

func referrersType(value string, next http.Handler) http.Handler {
	return when(isReferrers, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := recorded(next, r)
		answer.Header().Set("Content-Type", value)
		replay(w, answer, answer.Code)
	}), next)
}

func referrersStatus(value string, next http.Handler) http.Handler {
	return when(isReferrers, refusing(value, "UNSUPPORTED"), next)
}

func referrersText(value string, next http.Handler) http.Handler {
	return when(isReferrers, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
		fmt.Fprint(w, value)
	}), next)
}

func referrersLogin(_ string, next http.Handler) http.Handler {
	page := when(func(r *http.Request) bool { return r.URL.Path == "/login" }, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<html>Sign in</html>")
	}), next)
	return when(isReferrers, http.RedirectHandler("/login", http.StatusFound), page)
}

func referrersElsewhere(_ string, next http.Handler) http.Handler {
	return when(isReferrers, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, port, _ := strings.Cut(r.Host, ":")
		http.Redirect(w, r, "http://localhost:"+port+"/login", http.StatusFound)
	}), next)
}

func referrersLate(value string, next http.Handler) http.Handler {
	var asked counter
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		manifest, is := putOf(r)
		switch {
		case is && manifest.Subject != nil:
			asked.reset(manifest.Subject.Digest)
		case isReferrers(r) && asked.next(path.Base(r.URL.Path)) < number(value):
			fmt.Fprint(w, emptyList)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func referrersPages(value string, next http.Handler) http.Handler {
	return when(isReferrers, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := recorded(next, r)
		var list struct {
			SchemaVersion int               `json:"schemaVersion"`
			Manifests     []json.RawMessage `json:"manifests"`
		}
		if json.Unmarshal(answer.Body.Bytes(), &list) != nil {
			replay(w, answer, answer.Code)
			return
		}
		slices.SortFunc(list.Manifests, func(a, b json.RawMessage) int { return bytes.Compare(a, b) }) // pages of one order
		from := 0
		_, _ = fmt.Sscan(r.URL.Query().Get("from"), &from)
		to := min(from+number(value), len(list.Manifests))
		if to < len(list.Manifests) {
			w.Header().Set("Link", fmt.Sprintf(`<%s?from=%d>; rel="next"`, r.URL.Path, to))
		}
		list.Manifests = list.Manifests[from:to]
		_ = json.NewEncoder(w).Encode(list)
	}), next)
}

func referrersBare(_ string, next http.Handler) http.Handler {
	return when(isReferrers, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var list map[string]any
		if json.Unmarshal(recorded(next, r).Body.Bytes(), &list) != nil {
			return
		}
		if entries, ok := list["manifests"].([]any); ok {
			for _, entry := range entries {
				if descriptor, ok := entry.(map[string]any); ok {
					delete(descriptor, "annotations")
				}
			}
		}
		_ = json.NewEncoder(w).Encode(list)
	}), next)
}

func ociSubject(_ string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if manifest, is := putOf(r); is && manifest.Subject != nil {
			w.Header().Set("OCI-Subject", manifest.Subject.Digest)
		}
		next.ServeHTTP(w, r)
	})
}

func listStatus(value string, next http.Handler) http.Handler {
	return when(func(r *http.Request) bool { return r.Method == http.MethodPut && isListTag(r) }, refusing(value, "TAG_INVALID"), next)
}

func listMissing(value string, next http.Handler) http.Handler {
	return instead(func(r *http.Request) bool { return isRead(r) && isListTag(r) }, value, next)
}

func listLost(value string, next http.Handler) http.Handler {
	var lost counter
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && isListTag(r) && lost.next(tagOf(r)) < number(value) {
			w.WriteHeader(http.StatusCreated)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func listStale(value string, next http.Handler) http.Handler {
	var mutex sync.Mutex
	former := map[string]*httptest.ResponseRecorder{}
	left := map[string]int{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		tag := r.URL.Path
		switch {
		case !isListTag(r):
		case r.Method == http.MethodPut:
			former[tag], left[tag] = read(next, tag), number(value)
		case r.Method == http.MethodGet && left[tag] > 0:
			left[tag]--
			replay(w, former[tag], former[tag].Code)
			return
		}
		next.ServeHTTP(w, r)
	})
}

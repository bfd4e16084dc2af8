package registrytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
)

// Quirk makes one registry of another. The value is what stands after "=", or "".
type Quirk func(value string, next http.Handler) http.Handler

// Quirks are those that a registry can have, by name. The later ones of a list come before the earlier ones.
var Quirks = map[string]Quirk{
	// The referrers API.
	"referrers":           func(_ string, next http.Handler) http.Handler { return next }, // there is one
	"referrers-type":      referrersType,                                                  // =TYPE: its answers have this media type
	"referrers-status":    referrersStatus,                                                // =N: it answers this status
	"referrers-text":      referrersText,                                                  // =TEXT: it answers 200 with this
	"referrers-login":     referrersLogin,                                                 // it leads to a page for people
	"referrers-elsewhere": referrersElsewhere,                                             // it leads to another host
	"referrers-late":      referrersLate,                                                  // =N: the first N lists after a referrer came are empty
	"referrers-pages":     referrersPages,                                                 // =N: it lists N a page
	"referrers-bare":      referrersBare,                                                  // its list has no annotations
	"oci-subject":         ociSubject,                                                     // answers to referrers say OCI-Subject

	// Manifests and tags.
	"dash-is-digest": dashIsDigest,  // sha256-HEX is resolved as the digest
	"immutable":      immutable,     // =STATUS: a tag cannot be moved
	"missing":        missing,       // =STATUS: manifests and blobs that are not there
	"list-status":    listStatus,    // =STATUS: the fall-back tag is not taken
	"list-missing":   listMissing,   // =STATUS: a fall-back tag that is not there
	"list-lost":      listLost,      // =N: the first N fall-back tags are taken, and dropped
	"list-stale":     listStale,     // =N: reads the former fall-back tag N times after it was put
	"subject-status": subjectStatus, // =STATUS: manifests with a subject are not taken
	"type-status":    typeStatus,    // =STATUS: manifests with a config of no image are not taken
	"etag":           etag,          // manifests have an ETag, and If-Match is obeyed; =weak: they are weak
	"put":            putStatus,     // =STATUS: of what was put
	"nohead":         noHead,        // manifests take no HEAD
	"nodigest":       digestHeader,  // answers have no Docker-Content-Digest; =quoted: it stands in quotes
	"redirect":       redirect,      // manifests are read from another path
	"busy":           busy,          // every path is answered 429 at first

	// Logins: user u, password p.
	"basic": basic,
	"token": token, // =new: a token for reading has no rights where the repository does not exist; =both: it offers "Basic" first
}

func isReferrers(r *http.Request) bool { return strings.Contains(r.URL.Path, "/referrers/") }

// tagOf returns the tag or digest of a manifest, or "".
func tagOf(r *http.Request) string {
	_, reference, _ := strings.Cut(r.URL.Path, "/manifests/")
	return reference
}

func isListTag(r *http.Request) bool { return strings.HasPrefix(tagOf(r), "sha256-") }

func isRead(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// number reads the value of a quirk that is one.
func number(value string) int {
	n, err := strconv.Atoi(value)
	if err != nil {
		panic("a quirk wants a number, not " + strconv.Quote(value))
	}
	return n
}

// when gives some requests to another handler.
func when(is func(*http.Request) bool, then, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if is(r) {
			then.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refuse answers an error as registries do.
func refuse(w http.ResponseWriter, r *http.Request, status int, code string) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		fmt.Fprintf(w, `{"errors": [{"code": %q, "message": "no"}]}`, code)
	}
}

func refusing(value, code string) http.Handler {
	status := number(value)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { refuse(w, r, status, code) })
}

// recorded is what a handler answers.
func recorded(next http.Handler, r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	return answer
}

// replay sends what was recorded, with another status.
func replay(w http.ResponseWriter, answer *httptest.ResponseRecorder, status int) {
	for key, values := range answer.Header() {
		w.Header()[key] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer.Body.Bytes())
}

// read asks a handler for a path.
func read(next http.Handler, path string) *httptest.ResponseRecorder {
	return recorded(next, httptest.NewRequest(http.MethodGet, path, nil))
}

// bodyOf returns the body of a request, which can be read once more.
func bodyOf(r *http.Request) []byte {
	text, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(text))
	return text
}

// putOf returns a manifest that is put.
func putOf(r *http.Request) (manifest struct {
	Subject *struct{ Digest string }
	Config  struct{ MediaType string }
}, is bool) {
	if r.Method != http.MethodPut || tagOf(r) == "" {
		return manifest, false
	}
	_ = json.Unmarshal(bodyOf(r), &manifest) // what is no JSON has no subject
	return manifest, true
}

func hasSubject(r *http.Request) bool {
	manifest, is := putOf(r)
	return is && manifest.Subject != nil
}

// counter counts by key.
type counter struct {
	mutex sync.Mutex
	n     map[string]int
}

// next returns how often the key was there before.
func (c *counter) next(key string) int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[key]++
	return c.n[key] - 1
}

func (c *counter) reset(key string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.n, key)
}

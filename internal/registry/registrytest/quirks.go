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

// Quirk adds a quirk to a registry. The value is the text after "=", or "".
type Quirk func(value string, next http.Handler) http.Handler

// Quirks are the quirks of registries, by name. Later ones of a list run first.
var Quirks = map[string]Quirk{
	// The referrers API.
	"referrers":           func(_ string, next http.Handler) http.Handler { return next }, // the registry has the API
	"referrers-type":      referrersType,                                                  // =TYPE: the media type of its answers
	"referrers-status":    referrersStatus,                                                // =N: the status of its answers
	"referrers-text":      referrersText,                                                  // =TEXT: it answers 200 with this text
	"referrers-login":     referrersLogin,                                                 // it redirects to a page for people
	"referrers-elsewhere": referrersElsewhere,                                             // it redirects to another host
	"referrers-late":      referrersLate,                                                  // =N: the first N lists after a new referrer are empty
	"referrers-pages":     referrersPages,                                                 // =N: N referrers a page
	"referrers-bare":      referrersBare,                                                  // its lists have no annotations
	"oci-subject":         ociSubject,                                                     // answers to referrers say OCI-Subject

	// Manifests and tags.
	"dash-is-digest": dashIsDigest,  // sha256-HEX is resolved as a digest
	"immutable":      immutable,     // =STATUS: a tag cannot be moved
	"missing":        missing,       // =STATUS: for missing manifests and blobs
	"list-status":    listStatus,    // =STATUS: the fall-back tag is refused
	"list-missing":   listMissing,   // =STATUS: for a missing fall-back tag
	"list-lost":      listLost,      // =N: the first N fall-back tags are accepted and dropped
	"list-stale":     listStale,     // =N: the former fall-back tag is read N times after a put
	"subject-status": subjectStatus, // =STATUS: manifests with a subject are refused
	"type-status":    typeStatus,    // =STATUS: manifests whose config is not of an image are refused
	"etag":           etag,          // manifests have an ETag, and If-Match is obeyed; =weak: they are weak
	"put":            putStatus,     // =STATUS: of successful puts
	"nohead":         noHead,        // HEAD of manifests is refused
	"nodigest":       digestHeader,  // answers lack Docker-Content-Digest; =quoted: it has quotes
	"redirect":       redirect,      // manifests are redirected to another path
	"busy":           busy,          // the first request of every path is answered 429

	// Blobs.
	"apart":    apart,    // each repository has its own, and mounts those of others
	"sessions": sessions, // an upload is begun where a blob comes in one request; =STATUS: that is refused

	// Logins: user u, password p.
	"basic": basic,
	"token": token, // =new: a token for reading has no rights while the repository does not exist; =both: "Basic" is offered first
}

func isReferrers(r *http.Request) bool { return strings.Contains(r.URL.Path, "/referrers/") }

// tagOf returns the tag or digest of a manifest, or "".
func tagOf(r *http.Request) string {
	_, reference, _ := strings.Cut(r.URL.Path, "/manifests/")
	return reference
}

func isListTag(r *http.Request) bool { return strings.HasPrefix(tagOf(r), "sha256-") }

func isRead(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// number returns the value of a quirk as a number.
func number(value string) int {
	n, err := strconv.Atoi(value)
	if err != nil {
		panic("a quirk wants a number, not " + strconv.Quote(value))
	}
	return n
}

// when sends some requests to another handler.
func when(is func(*http.Request) bool, then, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if is(r) {
			then.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refuse sends an error as registries do.
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

// recorded returns the answer of a handler.
func recorded(next http.Handler, r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	return answer
}

// replay sends a recorded answer with another status.
func replay(w http.ResponseWriter, answer *httptest.ResponseRecorder, status int) {
	for key, values := range answer.Header() {
		w.Header()[key] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer.Body.Bytes())
}

// read returns a handler's answer to GET path.
func read(next http.Handler, path string) *httptest.ResponseRecorder {
	return recorded(next, httptest.NewRequest(http.MethodGet, path, nil))
}

// bodyOf returns the body of a request, which can be read once more.
func bodyOf(r *http.Request) []byte {
	text, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(text))
	return text
}

// putOf returns the manifest in a request.
func putOf(r *http.Request) (manifest struct {
	Subject *struct{ Digest string }
	Config  struct{ MediaType string }
}, is bool) {
	if r.Method != http.MethodPut || tagOf(r) == "" {
		return manifest, false
	}
	_ = json.Unmarshal(bodyOf(r), &manifest) // without JSON there is no subject
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

// next returns how often it was called with the key before.
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

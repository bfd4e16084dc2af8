package registrytest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

func dashIsDigest(_ string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isRead(r) && isListTag(r) {
			as := strings.Replace(r.URL.Path, "/sha256-", "/sha256:", 1)
			if answer := read(next, as); answer.Code == http.StatusOK {
				r.URL.Path = as
			}
		}
		next.ServeHTTP(w, r)
	})
}

func immutable(value string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tag := tagOf(r); r.Method == http.MethodPut && tag != "" && !strings.Contains(tag, ":") {
			there := read(next, r.URL.Path)
			if there.Code == http.StatusOK && !bytes.Equal(there.Body.Bytes(), bodyOf(r)) {
				refuse(w, r, number(value), "PRECONDITION")
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func missing(value string, next http.Handler) http.Handler {
	return instead(func(r *http.Request) bool { return isRead(r) && !isReferrers(r) }, value, next)
}

// instead changes the status 404 of some requests.
func instead(is func(*http.Request) bool, value string, next http.Handler) http.Handler {
	return when(is, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := recorded(next, r)
		if answer.Code == http.StatusNotFound {
			refuse(w, r, number(value), "DENIED")
			return
		}
		replay(w, answer, answer.Code)
	}), next)
}

func subjectStatus(value string, next http.Handler) http.Handler {
	return when(hasSubject, refusing(value, "MANIFEST_INVALID"), next)
}

func typeStatus(value string, next http.Handler) http.Handler {
	return when(func(r *http.Request) bool {
		manifest, is := putOf(r)
		return is && manifest.Config.MediaType != "" && manifest.Config.MediaType != "application/vnd.oci.image.config.v1+json"
	}, refusing(value, "MANIFEST_INVALID"), next)
}

func etag(value string, next http.Handler) http.Handler {
	of := func(text []byte) string {
		tag := fmt.Sprintf(`"%x"`, sha256.Sum256(text))
		if value == "weak" {
			tag = "W/" + tag
		}
		return tag
	}
	var mutex sync.Mutex // nothing changes between the check and the put
	return when(func(r *http.Request) bool { return tagOf(r) != "" }, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		there := read(next, r.URL.Path)
		wanted := r.Header.Get("If-Match")
		if r.Method == http.MethodPut && wanted != "" && (value == "weak" || there.Code != http.StatusOK || of(there.Body.Bytes()) != wanted) {
			refuse(w, r, http.StatusPreconditionFailed, "PRECONDITION")
			return
		}
		if isRead(r) && there.Code == http.StatusOK {
			w.Header().Set("ETag", of(there.Body.Bytes()))
		}
		next.ServeHTTP(w, r)
	}), next)
}

func putStatus(value string, next http.Handler) http.Handler {
	return when(func(r *http.Request) bool { return r.Method == http.MethodPut && tagOf(r) != "" }, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := recorded(next, r)
		if answer.Code == http.StatusCreated {
			answer.Code = number(value)
		}
		replay(w, answer, answer.Code)
	}), next)
}

func noHead(_ string, next http.Handler) http.Handler {
	return when(func(r *http.Request) bool { return r.Method == http.MethodHead && tagOf(r) != "" }, refusing("405", "UNSUPPORTED"), next)
}

func digestHeader(value string, next http.Handler) http.Handler {
	return when(func(r *http.Request) bool { return tagOf(r) != "" }, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := recorded(next, r)
		if digest := answer.Header().Get("Docker-Content-Digest"); value == "quoted" && digest != "" {
			answer.Header().Set("Docker-Content-Digest", `"`+digest+`"`)
		} else {
			answer.Header().Del("Docker-Content-Digest")
		}
		replay(w, answer, answer.Code)
	}), next)
}

func redirect(_ string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, moved := strings.CutPrefix(r.URL.Path, "/storage"); moved {
			r.URL.Path = path
		} else if isRead(r) && tagOf(r) != "" {
			http.Redirect(w, r, "/storage"+r.URL.Path, http.StatusTemporaryRedirect)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func busy(_ string, next http.Handler) http.Handler {
	var asked counter
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.next(r.Method+" "+r.URL.Path) == 0 && !strings.Contains(r.URL.Path, "/uploads/") {
			w.Header().Set("Retry-After", "0")
			refuse(w, r, http.StatusTooManyRequests, "TOOMANYREQUESTS")
			return
		}
		next.ServeHTTP(w, r)
	})
}

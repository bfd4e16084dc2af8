package registrytest

import (
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
)

// apart keeps blobs by repository, as registries do, and mounts them from one into another.
func apart(_ string, next http.Handler) http.Handler {
	var mutex sync.Mutex
	has := map[string]bool{} // REPOSITORY DIGEST
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		repository, blob, is := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/blobs/")
		query := r.URL.Query()
		mutex.Lock()
		mounted := is && r.Method == http.MethodPost && has[query.Get("from")+" "+query.Get("mount")]
		if mounted {
			has[repository+" "+query.Get("mount")] = true
		}
		lacks := is && isRead(r) && !strings.HasPrefix(blob, "uploads/") && !has[repository+" "+path.Base(blob)]
		mutex.Unlock()
		switch {
		case mounted:
			w.WriteHeader(http.StatusCreated)
			return
		case lacks:
			refuse(w, r, http.StatusNotFound, "BLOB_UNKNOWN")
			return
		}
		noted := Noting(w)
		next.ServeHTTP(noted, r)
		if is && query.Has("digest") && noted.Code == http.StatusCreated {
			mutex.Lock()
			has[repository+" "+query.Get("digest")] = true
			mutex.Unlock()
		}
	})
}

// sessions takes no blob in one request: it begins an upload, or answers with an error.
func sessions(value string, next http.Handler) http.Handler {
	return when(func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("digest") }, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if value != "" {
			refuse(w, r, number(value), "UNSUPPORTED")
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body, r.ContentLength = http.NoBody, 0
		query := r.URL.Query()
		query.Del("digest")
		r.URL.RawQuery = query.Encode()
		next.ServeHTTP(w, r)
	}), next)
}

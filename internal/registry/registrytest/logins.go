package registrytest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

func isLogin(r *http.Request) bool {
	return r.Header.Get("Authorization") == "Basic "+base64.StdEncoding.EncodeToString([]byte("u:p"))
}

func basic(_ string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLogin(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			refuse(w, r, http.StatusUnauthorized, "UNAUTHORIZED")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// token adds a token service at /token. A token is the list of its scopes.
func token(value string, next http.Handler) http.Handler {
	var mutex sync.Mutex
	exists := map[string]bool{} // repositories
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		if r.URL.Path == "/token" {
			if !isLogin(r) {
				refuse(w, r, http.StatusUnauthorized, "UNAUTHORIZED")
				return
			}
			var rights []string
			for _, scope := range r.URL.Query()["scope"] {
				_, rest, _ := strings.Cut(scope, ":")
				repository, actions, _ := strings.Cut(rest, ":")
				if strings.Contains(actions, "push") || exists[repository] || value != "new" {
					rights = append(rights, repository+":"+actions)
				}
			}
			fmt.Fprintf(w, `{"token": %q}`, base64.StdEncoding.EncodeToString([]byte(strings.Join(rights, " "))))
			return
		}
		repository, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/manifests/")
		repository, _, _ = strings.Cut(repository, "/blobs/")
		repository, _, _ = strings.Cut(repository, "/referrers/")
		action := "pull"
		if !isRead(r) {
			action = "push"
		}
		rights, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		granted := err == nil && r.Header.Get("Authorization") != "" && repository == ""
		for _, right := range strings.Fields(string(rights)) {
			of, actions, _ := strings.Cut(right, ":")
			granted = granted || of == repository && strings.Contains(actions, action)
		}
		if !granted {
			if value == "both" {
				w.Header().Add("WWW-Authenticate", `Basic realm="test"`)
			}
			w.Header().Add("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test",scope="repository:%s:%s",error="insufficient_scope"`, r.Host, repository, action))
			refuse(w, r, http.StatusUnauthorized, "UNAUTHORIZED")
			return
		}
		if action == "push" {
			exists[repository] = true
		}
		next.ServeHTTP(w, r)
	})
}

package main

import (
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
)

// mirror serves a folder. apko keeps an index in its cache only if it has an ETag, so there is one.
func mirror(folder string) http.Handler {
	files := http.FileServer(http.Dir(folder))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if found, err := os.Stat(filepath.Join(folder, path.Clean("/"+r.URL.Path))); err == nil {
			w.Header().Set("ETag", fmt.Sprintf(`"%x-%x"`, found.ModTime().UnixNano(), found.Size()))
		}
		files.ServeHTTP(w, r)
	})
}

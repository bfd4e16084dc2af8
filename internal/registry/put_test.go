package registry

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	oci "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
)

// TestPutAgain has a registry that misreads a manifest, as distribution 2.8 does while somebody else puts the same.
func TestPutAgain(t *testing.T) {
	const torn = `{"errors": [{"code": "DIGEST_INVALID", "message": "provided digest did not match uploaded content"}]}`
	for _, test := range []struct {
		name, answer string
		bad          int // how many answers
		puts         int
		fails        bool
	}{
		{"once", torn, 1, 2, false},
		{"always", torn, 100, tornTries + 1, true},
		{"a manifest that is not taken", `{"errors": [{"code": "MANIFEST_INVALID"}]}`, 100, 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			puts := 0
			inner := oci.New(oci.Logger(log.New(io.Discard, "", 0)))
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPut {
					inner.ServeHTTP(w, r)
					return
				}
				if puts++; puts > test.bad {
					inner.ServeHTTP(w, r)
					return
				}
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, test.answer)
			}))
			defer server.Close()
			client, err := Access{Pause: time.Nanosecond}.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			tag, err := client.Tag(server.Listener.Addr().String() + "/scratch:1")
			if err != nil {
				t.Fatal(err)
			}
			err = client.Put(t.Context(), tag, empty.Index)
			if (err != nil) != test.fails || puts != test.puts {
				t.Errorf("%d times, %v; want %d times", puts, err, test.puts)
			}
		})
	}
}

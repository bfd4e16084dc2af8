package registry

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestExplain asks servers that are no proper registries for the right to push: each gives one line that says what to
// do.
func TestExplain(t *testing.T) {
	login := Access{User: "me", Password: "secret"}
	// tokens is a registry whose token service answers so.
	tokens := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				w.WriteHeader(status)
				fmt.Fprint(w, body)
				return
			}
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token",service="test"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	}
	// answering says yes to GET /v2/, and this to all else.
	answering := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v2/" {
				w.WriteHeader(status)
				fmt.Fprint(w, body)
			}
		}
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		access  Access
		want    string
	}{
		{"a web server", http.NotFound, Access{}, "HOST answered 404 Not Found: it is no registry of the OCI distribution API (v2); check the address"},
		{"a web page for everything", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, Access{},
			"HOST answered 200 OK: it is no registry of the OCI distribution API (v2); check the address"},
		{"a token service that fails", tokens(500, "secret"), login, "the token service HOST of HOST answered 500 Internal Server Error: try again later"},
		{"an expired password", tokens(401, `{"details": "secret"}`), login,
			"the token service HOST of HOST answered 401 Unauthorized: it does not take the user and password that were given: wrong, or expired; log in again"},
		{"a token service that wants a login", tokens(401, ""), Access{},
			"the token service HOST of HOST answered 401 Unauthorized: log in with: docker login HOST, or set MKIMAGE_REGISTRY_USER and MKIMAGE_REGISTRY_PASSWORD"},
		{"a token service without a token", tokens(200, `{"id_token": "secret"}`), login, "the token service of HOST gives no token: tell those who run it"},
		{"a token service that speaks no JSON", tokens(200, "secret"), login, "HOST, or its token service, does not answer with JSON: check the address"},
		{"a login without the right", answering(403, `{"errors": [{"code": "DENIED", "message": "secret"}]}`), login,
			"HOST answered 403 Forbidden (DENIED): the user and password that were given may not push there: check its rights, or choose another repository"},
		{"a wrong password", answering(401, `{"errors": [{"code": "UNAUTHORIZED"}]}`), login,
			"HOST answered 401 Unauthorized (UNAUTHORIZED): it does not take the user and password that were given: wrong, or expired; log in again"},
		{"a full disk", answering(500, `{"errors": [{"code": "UNKNOWN", "detail": {"Err": "no space left on device"}}]}`), login,
			"HOST answered 500 Internal Server Error (UNKNOWN): it is full, or a quota is used up; free some space there"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			noLogins(t)
			host := serve(t, test.handler)
			test.access.Hosts, test.access.Retries = []string{host}, 1
			client := open(t, test.access)
			repository := tagOf(t, client, host+"/a").Repository
			err := client.Explain("push", repository, client.CheckPush(t.Context(), repository))
			want := "push HOST/a: " + test.want
			if err == nil || strings.ReplaceAll(err.Error(), host, "HOST") != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Error("it tells too much")
			}
		})
	}
}

// TestNoHTTP: something else listens there.
func TestNoHTTP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { // until the client has enough
				_, _ = connection.Read(make([]byte, 1))
				_, _ = connection.Write([]byte("SSH-2.0-test\r\n"))
				_, _ = io.Copy(io.Discard, connection)
				_ = connection.Close()
			}()
		}
	}()
	client := open(t, Access{Retries: 1})
	repository := tagOf(t, client, listener.Addr().String()+"/a").Repository
	err = client.Explain("push", repository, client.CheckPush(t.Context(), repository))
	want := "push " + repository.Name() + ": " + listener.Addr().String() + " does not speak http: check the address"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// TestCertificates holds that the certificate of a private authority is trusted only if that is named, and any with
// --insecure.
func TestCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(newRegistry())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "https://")
	authority := writeFile(t, t.TempDir()+"/ca.pem", certificateOf(server), 0o600)
	tests := []struct {
		name   string
		access Access
		want   string // "" is none
	}{
		{"unknown", Access{}, "the certificate of " + host + " is not trusted: name the file of its authority with --registry-ca, or with SSL_CERT_FILE"},
		{"named", Access{CA: authority}, ""},
		{"any", Access{Insecure: true}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.access.Timeout = time.Minute
			client := open(t, test.access)
			tag := tagOf(t, client, host+"/a")
			_, err := client.Head(t.Context(), tag)
			err = client.Explain("push", tag, err)
			if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != "push "+host+"/a:latest: "+test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

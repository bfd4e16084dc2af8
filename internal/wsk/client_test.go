package wsk

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/wsk/wsktest"
)

// serve starts a stub and returns a client of it that hardly waits.
func serve(t *testing.T, stub *wsktest.Stub) *Client {
	t.Helper()
	server := httptest.NewServer(stub)
	t.Cleanup(server.Close)
	return connect(t, server.URL)
}

func connect(t *testing.T, host string) *Client {
	t.Helper()
	client, err := NewClient(Settings{APIHost: host, Auth: wsktest.Key}, false)
	if err != nil {
		t.Fatal(err)
	}
	client.wait = time.Millisecond
	return client
}

// TestRequests holds every field of every request against what wsk sends for "action update" (its PUT), "action invoke
// --blocking" and "activation logs".
func TestRequests(t *testing.T) {
	stub := wsktest.New()
	stub.Late = 2
	client := serve(t, stub)
	action := Action{Name: parsed(t, "/_/pkg/hel lo"), Image: tag, Code: code(t, "a.zip", "PK\x03\x04zip")}
	for _, want := range []string{"0.0.1", "0.0.2"} {
		if version, err := client.Put(t.Context(), action); err != nil || version != want {
			t.Fatalf("version %s, %v", version, err)
		}
	}
	activation, err := client.Invoke(t.Context(), action.Name, json.RawMessage(`{"name":"Mike"}`))
	if err != nil || !activation.Response.Success || string(activation.Response.Result) != `{"greetings":"Hello"}` || activation.Duration != 12 {
		t.Fatalf("%+v, %v", activation, err)
	}
	logs, err := client.Logs(t.Context(), activation.ID)
	if diff := cmp.Diff([]string{"called", "and done"}, logs); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}

	type request struct{ Method, Path, Query, Body, Type string }
	const path = "/api/v1/namespaces/_/actions/pkg/hel%20lo"
	put := request{"PUT", path, "overwrite=true", `{"namespace":"_","name":"pkg/hel lo","exec":{"kind":"blackbox","code":"UEsDBHppcA==","image":"` + tag + `"}}` + "\n", "application/json"}
	logged := request{"GET", "/api/v1/namespaces/_/activations/" + activation.ID + "/logs", "", "", ""}
	want := []request{put, put, {"POST", path, "blocking=true&result=false", `{"name":"Mike"}`, "application/json"}, logged, logged, logged}
	var got []request
	for _, sent := range stub.Requests() {
		got = append(got, request{sent.Method, sent.Path, sent.Query, sent.Body, sent.Header.Get("Content-Type")})
		if auth := sent.Header["Authorization"]; len(auth) != 1 || auth[0] != "Basic "+base64.StdEncoding.EncodeToString([]byte(wsktest.Key)) {
			t.Errorf("%s %s has the authorization %q", sent.Method, sent.Path, auth)
		}
		if sent.Header.Get("User-Agent") != "mkimage" {
			t.Errorf("%s calls itself %q", sent.Method, sent.Header.Get("User-Agent"))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestInvokeThatFails(t *testing.T) {
	for _, status := range []string{"application error", "action developer error", "whisk internal error"} {
		stub := wsktest.New()
		stub.Result = func(string, json.RawMessage) (string, any) { return status, map[string]string{"error": "no name"} }
		client := serve(t, stub)
		if _, err := client.Put(t.Context(), Action{Name: parsed(t, "hello"), Image: tag}); err != nil {
			t.Fatal(err)
		}
		activation, err := client.Invoke(t.Context(), parsed(t, "hello"), json.RawMessage(`{}`))
		if err != nil || activation.Response.Success || activation.Response.Status != status || string(activation.Response.Result) != `{"error":"no name"}` {
			t.Errorf("%+v, %v", activation, err)
		}
	}
}

// TestInvokeThatOutlastsTheRequest: OpenWhisk answers 202 with the id alone, and the record comes later.
func TestInvokeThatOutlastsTheRequest(t *testing.T) {
	stub := wsktest.New()
	stub.Slow, stub.Late = true, 3
	client := serve(t, stub)
	if _, err := client.Put(t.Context(), Action{Name: parsed(t, "hello"), Image: tag}); err != nil {
		t.Fatal(err)
	}
	activation, err := client.Invoke(t.Context(), parsed(t, "hello"), json.RawMessage(`{}`))
	if err != nil || string(activation.Response.Result) != `{"greetings":"Hello"}` {
		t.Errorf("%+v, %v", activation, err)
	}
}

func TestAwaitGivesUp(t *testing.T) {
	stub := wsktest.New()
	stub.Late = 1 << 30
	client := serve(t, stub)
	if err := client.await(t.Context(), "wait", time.Millisecond, "_/activations/x", nil); !errors.Is(err, errNotThere) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stub = wsktest.New() // the first one may still be answering
	stub.Late = 1 << 30
	stub.Fail = func(http.ResponseWriter, *http.Request) bool { cancel(); return false }
	if err := serve(t, stub).await(ctx, "wait", time.Hour, "_/activations/x", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestRefusals: one line each that says what to do.
func TestRefusals(t *testing.T) {
	answers := func(status int, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Location", "https://other.example/path?token=x")
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	tests := []struct {
		name, action, want string
		fail               func(http.ResponseWriter, *http.Request) bool
	}{
		{"another's namespace", "/other/hello", "answered 403 Forbidden (The supplied authentication is not authorized to access 'other'): this key may not do that; check the namespace and the limits of its owner", nil},
		{"unknown key", "hello", "answered 401 Unauthorized (The supplied authentication is invalid): check the key: --auth, $WHISK_AUTH, or AUTH in .wskprops", answers(401, `{"error":"The supplied authentication is invalid"}`)},
		{"no body", "hello", "answered 401, but not as OpenWhisk does: check --apihost", answers(401, "")},
		{"no package", "none/hello", "answered 404 Not Found (The requested resource does not exist): check the namespace, and create the package first: wsk package create PACKAGE", answers(404, `{"error":"The requested resource does not exist."}`)},
		{"malformed", "hello", "answered 400 Bad Request (a b): it does not take such an action", answers(400, `{"error":"a\nb"}`)},
		{"conflict", "hello", "answered 409 Conflict (Resource by this name exists but is not in this collection): something else has this name", answers(409, `{"error":"Resource by this name exists but is not in this collection."}`)},
		{"large", "hello", "answered 413 Request Entity Too Large (the code is too large): the code is larger than this OpenWhisk takes (48 MB at most)", answers(413, `{"error":"the code is too large"}`)},
		{"busy", "hello", "answered 429 Too Many Requests (Too many requests in the last minute): try again later", answers(429, `{"error":"Too many requests in the last minute."}`)},
		{"down", "hello", "answered 503 Service Unavailable: try again later", answers(503, `{}`)},
		{"another server", "hello", "answered 200, but not as OpenWhisk does: check --apihost", answers(200, "<html>hello</html>")},
		{"moved", "hello", "answered 301: give --apihost the host that it leads to, https://other.example", answers(301, "")},
		{"cut off", "hello", "ended the connection without an answer", func(w http.ResponseWriter, _ *http.Request) bool { panic(http.ErrAbortHandler) }},
		{"reset", "hello", "ended the connection without an answer (connection reset by peer): try again", func(w http.ResponseWriter, _ *http.Request) bool {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = connection.(*net.TCPConn).SetLinger(0)
				_ = connection.Close()
			}
			return true
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			stub := wsktest.New()
			stub.Fail = test.fail
			client := serve(t, stub)
			_, err := client.Put(t.Context(), Action{Name: parsed(t, test.action), Image: tag})
			checkLine(t, err, "update "+test.action+": ", test.want)
		})
	}
}

// checkLine checks the one line of an error, which holds no part of the key.
func checkLine(t *testing.T, err error, begin, want string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	text := err.Error()
	if !strings.HasPrefix(text, begin) || !strings.Contains(text, want) || strings.Contains(text, "\n") {
		t.Errorf("got  %s\nwant %s…%s", text, begin, want)
	}
	for _, secret := range append(strings.Split(wsktest.Key, ":"), "token") {
		if strings.Contains(text, secret) {
			t.Errorf("the error tells a secret: %s", text)
		}
	}
}

func TestUnreached(t *testing.T) {
	plain := httptest.NewServer(wsktest.New())
	defer plain.Close()
	private := httptest.NewUnstartedServer(wsktest.New())
	private.Config.ErrorLog = log.New(io.Discard, "", 0)
	private.StartTLS()
	defer private.Close()
	gone := httptest.NewServer(wsktest.New())
	gone.Close()
	tests := []struct{ name, host, want string }{
		{"nobody there", gone.URL, "(connection refused): check --apihost, and that it runs"},
		{"a private authority", private.URL, "is not trusted: name its authority in the file $SSL_CERT_FILE, or give --insecure-tls, as wsk -i"},
		{"no https", strings.TrimPrefix(plain.URL, "http://"), "does not speak https: give --apihost " + plain.URL},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := connect(t, test.host).Put(t.Context(), Action{Name: parsed(t, "hello"), Image: tag})
			checkLine(t, err, "update hello: ", test.want)
		})
	}
	unknown := connect(t, "openwhisk.invalid").unreached(t.Context(), "update hello", &net.DNSError{Name: "openwhisk.invalid"})
	checkLine(t, unknown, "update hello: ", "no address is known for openwhisk.invalid: check --apihost and the network")
	insecure, err := NewClient(Settings{APIHost: private.URL, Auth: wsktest.Key}, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := insecure.Put(t.Context(), Action{Name: parsed(t, "hello"), Image: tag}); err != nil {
		t.Error(err)
	}
}

func TestNewClient(t *testing.T) {
	for _, settings := range []Settings{
		{"", wsktest.Key}, {"ftp://host", wsktest.Key}, {"https://user:word@host", wsktest.Key}, {"ftp:// x", wsktest.Key}, {"https://host?a=b", wsktest.Key},
		{"host", ""}, {"host", "id"}, {"host", ":key"}, {"host", "id:"}, {"host", "id:key\n"},
	} {
		if _, err := NewClient(settings, false); err == nil || strings.Contains(err.Error(), "word") || strings.Contains(err.Error(), "id:key\n") {
			t.Errorf("%+v: %v", settings, err)
		}
	}
	for host, want := range map[string]string{
		"host": "https://host/api/v1/namespaces/", "host:31001": "https://host:31001/api/v1/namespaces/", "http://127.0.0.1:3233/": "http://127.0.0.1:3233/api/v1/namespaces/",
	} {
		client, err := NewClient(Settings{host, wsktest.Key}, false)
		if err != nil || client.base != want {
			t.Errorf("%s: %+v, %v", host, client, err)
		}
	}
}

package rules

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestRule01_InitAndRunNeedNoContentType(t *testing.T) {
	t.Parallel()
	p := start(t)
	c := p.dial()
	for _, request := range [][2]string{{"/init", initBody(obey(), false)}, {"/run", `{"value":{}}`}} {
		if err := c.send(request[0], request[1]); err != nil { // it sends no Content-Type
			t.Fatal(err)
		}
		if got, err := c.answer(); err != nil || got.status != 200 {
			t.Errorf("%s: %s %v", request[0], got, err)
		}
	}
}

func TestRule02_EveryAnswerCarriesItsLength(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, request := range []struct{ method, path, body string }{
		{"POST", "/run", `{"value":{}}`},
		{"POST", "/init", `broken`},
		{"POST", "/init", `{"value":{}}`},
		{"POST", "/init", initBody(obey(), false)},
		{"POST", "/init", initBody(obey(), false)},
		{"POST", "/run", `{"value":{}}`},
		{"POST", "/run", `{"value":` + doing("", step{"large", "1000000"}) + `}`},
		{"POST", "/run", `{"value":1}`},
		{"POST", "/run", `broken`},
		{"GET", "/run", ""},
		{"POST", "/unknown", ""},
		{"DELETE", "/", ""},
	} {
		r, err := http.NewRequest(request.method, "http://"+p.address+request.path, strings.NewReader(request.body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(got.Body)
		got.Body.Close()
		if err != nil || got.ContentLength != int64(len(body)) || len(got.TransferEncoding) > 0 {
			t.Errorf("%s %s: Content-Length %d, %d bytes, %v", request.method, request.path, got.ContentLength, len(body), err)
		}
	}
}

func TestRule05_AnErrorOfTheActionPassesThrough(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
		p := start(t, chosen).ready(obey())
		for _, result := range []string{`{"error":"no"}`, `{"error":{"code":3}}`, `{ "b" : 1e400, "a":"\u2744" , "b":[] }`, `[]`, `[{"error":1}]`} {
			if got, want := p.do(step{"result", result + "\n"}), (answer{200, result}); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	})
}

// The platform posts /run the moment it has the answer of /init, on another
// connection, and does not try again.
func TestRule06_NoGapAfterInit(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
		for i := range 10 {
			p := start(t, chosen)
			p.ready(obey())
			if got := p.run(`{}`); got.status != 200 {
				t.Errorf("round %d: %s", i, got)
			}
			p.end()
		}
	})
}

func TestRule07_OnlyAPostRunsTheAction(t *testing.T) {
	t.Parallel()
	p := start(t).ready(obey())
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "post", "BREW"} {
		for path, status := range map[string]int{"/run": 405, "/init": 405, "/": 404, "/ruin": 404, "/run/": 404, "/RUN": 404, "//run": 404} {
			t.Run(method+path, func(t *testing.T) {
				c := p.dial()
				fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: action\r\nContent-Length: 12\r\n\r\n{\"value\":{}}", method, path)
				r, err := http.ReadResponse(c.r, &http.Request{Method: method})
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(r.Body)
				if got := (answer{r.StatusCode, string(body)}); err != nil || got.status != status {
					t.Errorf("%s %v, want %d", got, err, status)
				} else if method != "HEAD" {
					got.error(t)
				}
			})
		}
	}
	if got := p.run(`{}`); !strings.Contains(got.body, `"run":1`) {
		t.Errorf("the first run is %s", got)
	}
}

// 503 means that the container is going, and has to be rare: no mistake of a
// client or an action gives it.
func TestRule04_NothingElseIs503(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
		p := start(t, chosen, env("OW_MAX_CODE=1KiB", "OW_MAX_BODY=1KiB"))
		check := func(got answer) {
			if got.status == 503 {
				t.Errorf("got %s", got)
			}
		}
		check(p.run(`{}`))
		for _, code := range []string{"", "source", "#!/no/such\n", "#!/bin/sh\nexit 1\n", strings.Repeat("x", 2000)} {
			check(p.init(code))
		}
		p.post("/init", initBody(obey(), false))
		check(p.init(obey()))
		for _, value := range []string{`{`, `1`, `{}`, `"` + strings.Repeat("x", 2000) + `"`, doing("", step{"exit", "1"}), `{}`, `{}`} {
			check(p.run(value))
		}
	})
}

func TestRule07_UnknownPathsAre404(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, path := range []string{"/", "/unknown", "/init/x", "/run%2f", "/%"} {
		if got := p.post(path, `{"value":{}}`); got.status != 404 && got.status != 400 {
			t.Errorf("%s: %s", path, got)
		} else {
			got.error(t)
		}
	}
}

package rules

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

func TestRule01_InitAndRunNeedNoContentType(t *testing.T) {
	t.Parallel()
	p := start(t)
	c := p.Dial()
	for _, request := range [][2]string{{"/init", testkit.InitBody(obey(), nil)}, {"/run", `{"value":{}}`}} {
		if err := c.Send(request[0], request[1]); err != nil { // it sends no Content-Type
			t.Fatal(err)
		}
		if got, err := c.Answer(); err != nil || got.Status != 200 {
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
		{"POST", "/init", testkit.InitBody(obey(), nil)},
		{"POST", "/init", testkit.InitBody(obey(), nil)},
		{"POST", "/run", `{"value":{}}`},
		{"POST", "/run", `{"value":` + doing("", step{"large", "1000000"}) + `}`},
		{"POST", "/run", `{"value":1}`},
		{"POST", "/run", `broken`},
		{"GET", "/run", ""},
		{"POST", "/unknown", ""},
		{"DELETE", "/", ""},
	} {
		r, err := http.NewRequest(request.method, "http://"+p.Address+request.path, strings.NewReader(request.body))
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
			if got, want := p.do(step{"result", result + "\n"}), testkit.OK(result); got != want {
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
			if got := p.Run(`{}`); got.Status != 200 {
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
				c := p.Dial()
				c.SendAs(method, path, `{"value":{}}`)
				if got, err := c.AnswerTo(method); err != nil || got.Status != status {
					t.Errorf("%s %v, want %d", got, err, status)
				} else if method != "HEAD" {
					got.Error(t)
				}
			})
		}
	}
	if got := p.Run(`{}`); !strings.Contains(got.Body, `"run":1`) {
		t.Errorf("the first run is %s", got)
	}
}

// 503 means that the container is going, and has to be rare: no mistake of a
// client or an action gives it.
func TestRule04_NothingElseIs503(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
		p := start(t, chosen, testkit.Env("OW_MAX_CODE=1KiB", "OW_MAX_BODY=1KiB"))
		check := func(got answer) {
			if got.Status == 503 {
				t.Errorf("got %s", got)
			}
		}
		check(p.Run(`{}`))
		for _, code := range []string{"", "source", "#!/no/such\n", "#!/bin/sh\nexit 1\n", strings.Repeat("x", 2000)} {
			check(p.Init(code))
		}
		p.Post("/init", testkit.InitBody(obey(), nil))
		check(p.Init(obey()))
		for _, value := range []string{`{`, `1`, `{}`, `"` + strings.Repeat("x", 2000) + `"`, doing("", step{"exit", "1"}), `{}`, `{}`} {
			check(p.Run(value))
		}
	})
}

func TestRule07_UnknownPathsAre404(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, path := range []string{"/", "/unknown", "/init/x", "/run%2f", "/%"} {
		if got := p.Post(path, `{"value":{}}`); got.Status != 404 && got.Status != 400 {
			t.Errorf("%s: %s", path, got)
		} else {
			got.Error(t)
		}
	}
}

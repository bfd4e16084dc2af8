package rules

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// never is an action that is never ready.
const never = "#!/bin/sh\nexec sleep 1000\n"

// initWith is the body of an /init whose env is a JSON object.
func initWith(code, env string) string {
	quoted, _ := json.Marshal(code)
	return `{"value":{"env":` + env + `,"code":` + string(quoted) + `}}`
}

// within is the time after which an error says that the start was given up.
func within(t *testing.T, got answer) time.Duration {
	t.Helper()
	found := regexp.MustCompile(`within (\w+)`).FindStringSubmatch(got.Error(t))
	if got.Status != 502 || found == nil {
		t.Fatalf("got %s", got)
	}
	limit, err := time.ParseDuration(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return limit
}

// The platform says how long an init may take: one that takes longer is answered before that ends.
func TestRule22_AnInitIsAnsweredBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"v1":         {"OW_PROTOCOL=v1"},
		"auto":       nil,
		"actionloop": {"OW_PROTOCOL=actionloop", "OW_WAIT_FOR_ACK=1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, testkit.Env(settings...))
			ends := time.Now().Add(3 * time.Second)
			for _, deadline := range []string{`"` + strconv.FormatInt(ends.UnixMilli(), 10) + `"`, strconv.FormatInt(ends.Add(3*time.Second).UnixMilli(), 10)} {
				got := p.Post("/init", initWith(never, `{"__OW_DEADLINE":`+deadline+`}`))
				if limit := within(t, got); limit > 6*time.Second*9/10 {
					t.Errorf("it waited %s with the deadline %s", limit, deadline)
				}
			}
			checkUntouched(t, p)
		})
	}
}

// The limit of the image is the container's own, whatever an init says of it.
func TestRule22_TheImagesLimitOfAnInit(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_INIT_TIMEOUT=70ms"))
	far := strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10)
	for _, env := range []string{`{"__OW_DEADLINE":"` + far + `"}`, `{"OW_INIT_TIMEOUT":"1h"}`, `null`} {
		if limit := within(t, p.Post("/init", initWith(never, env))); limit != 70*time.Millisecond {
			t.Errorf("with %s it waited %s", env, limit)
		}
	}
}

// An error about a handshake names the protocols that need none: the image may be one of a runtime that sets no variables.
func TestRule14_AMissingHandshakeNamesTheOtherProtocols(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_INIT_TIMEOUT=20ms"))
	contains(t, p.Init(never).Error(t), "OW_PROTOCOL=actionloop", "OW_PROTOCOL=v0", "OW_HANDSHAKE=off")
	contains(t, start(t).Init("#!/bin/sh\necho hello\nexec sleep 1000\n").Error(t), "OW_PROTOCOL=actionloop")
}

func TestRule18_AnyNumberOfVariables(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
		p := start(t, chosen)
		var members strings.Builder
		for i := range 60_000 { // what Linux takes with a stack of 8 MB
			fmt.Fprintf(&members, `"V%d":"",`, i)
		}
		if got := p.Post("/init", initWith(obey(), `{`+members.String()+`"LAST":"x"}`)); got.Status != 200 {
			t.Fatalf("init: %s", got)
		}
		if found := p.environment(`{"value":{"do":[["env","LAST"]]}}`); found["LAST"] != "x" {
			t.Errorf("found %q", found)
		}
	})
}

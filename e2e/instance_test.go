package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// sentinel ends the log of every activation, on stdout and stderr.
const sentinel = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"

// client gives up on a proxy that hangs, long after any answer should be there.
var client = &http.Client{Timeout: 3 * time.Minute}

// instance is a proxy that runs, in a container or as a process of this machine.
type instance struct {
	url  string // http://127.0.0.1:PORT
	logs func() (stdout, stderr string)
}

// answer is what the proxy said.
type answer struct {
	status int
	body   string
}

func (i instance) post(t *testing.T, path string, body any) answer {
	t.Helper()
	payload, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Post(i.url+path, "application/json", bytes.NewReader(payload))
	if err != nil {
		t.Fatalf("POST %s: %v\n%s", path, err, i.log())
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("POST %s: %v\n%s", path, err, i.log())
	}
	return answer{resp.StatusCode, strings.TrimSpace(string(text))}
}

// tryInit initialises with code: text as it is, bytes in base64.
func (i instance) tryInit(t *testing.T, code any) answer {
	t.Helper()
	_, binary := code.([]byte) // which json writes in base64
	return i.post(t, "/init", map[string]any{"value": map[string]any{
		"name": "hello", "main": "main", "binary": binary, "code": code,
		"env": map[string]any{"GREETING": "from init"},
	}})
}

func (i instance) init(t *testing.T, code any) {
	t.Helper()
	if got := i.tryInit(t, code); got != (answer{200, "OK"}) {
		t.Fatalf("init answered %v\n%s", got, i.log())
	}
}

// refuses says that init must fail, with an error that names every one of words.
func (i instance) refuses(t *testing.T, code any, words ...string) {
	t.Helper()
	got := i.tryInit(t, code)
	var body map[string]string
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || len(body) != 1 || body["error"] == "" {
		t.Fatalf("init answered %v, want an object with the field error alone", got)
	}
	if got.status == 200 || got.status == 503 {
		t.Errorf("init answered %d: %s", got.status, body["error"])
	}
	for _, word := range words {
		if !strings.Contains(body["error"], word) {
			t.Errorf("init said %q, want it to name %q", body["error"], word)
		}
	}
}

// run sends an activation as the invoker does and returns the result.
func (i instance) run(t *testing.T, value map[string]any) map[string]any {
	t.Helper()
	got := i.post(t, "/run", map[string]any{
		"value": value, "namespace": "guest", "action_name": "/guest/hello",
		"action_version": "0.0.1", "activation_id": "a1b2", "transaction_id": "t1",
		"deadline": "4102444800000", "api_key": "none",
	})
	var result map[string]any
	if err := json.Unmarshal([]byte(got.body), &result); err != nil || got.status != 200 {
		t.Fatalf("run answered %v\n%s", got, i.log())
	}
	return result
}

// greets runs the action once and expects its greeting.
func (i instance) greets(t *testing.T, name string) {
	t.Helper()
	if got := i.run(t, map[string]any{"name": name})["greeting"]; got != "Hello, "+name {
		t.Errorf("greeting is %q", got)
	}
}

// logged waits until the logs are these: what each activation wrote to stdout
// and stderr, a sentinel after each, and not a byte more.
func (i instance) logged(t *testing.T, stdout, stderr []string) {
	t.Helper()
	ended := func(activations []string) string {
		return strings.Join(activations, sentinel+"\n") + sentinel + "\n"
	}
	eventually(t, func() bool {
		out, err := i.logs()
		return out == ended(stdout) && err == ended(stderr)
	}, func() string {
		return "logs are not as they should be\n" + i.log() + "\nwant stdout:\n" + ended(stdout) +
			"\nwant stderr:\n" + ended(stderr)
	})
}

func (i instance) log() string {
	stdout, stderr := i.logs()
	return "stdout:\n" + stdout + "\nstderr:\n" + stderr
}

// eventually polls for up to three minutes, far longer than anything here takes.
func eventually(t *testing.T, done func() bool, complaint func() string) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(complaint())
		}
	}
}

// answers waits until something speaks HTTP at the instance's address.
func (i instance) answers(t *testing.T) {
	t.Helper()
	eventually(t, func() bool {
		resp, err := client.Get(i.url)
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	}, func() string { return "nothing answers at " + i.url + "\n" + i.log() })
}

// zipped returns an archive with one file, not marked as executable.
func zipped(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	archive := zip.NewWriter(&buf)
	file, err := archive.Create(name)
	if err == nil {
		_, err = file.Write(content)
	}
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// wrapped is base64 as the seed's shell line sends it: in lines, whose ends the
// shell turns into blanks.
func wrapped(content []byte) string {
	text := base64.StdEncoding.EncodeToString(content)
	var lines []string
	for len(text) > 76 {
		lines, text = append(lines, text[:76]), text[76:]
	}
	return strings.Join(append(lines, text), " ")
}

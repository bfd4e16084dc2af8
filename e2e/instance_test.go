package e2e

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// instance is a proxy that runs, in a container or as a process of this machine.
type instance struct {
	testkit.Client
	logs func() (stdout, stderr string)
}

// reach returns the instance at an address when something there speaks HTTP.
func reach(t *testing.T, address string, logs func() (stdout, stderr string)) instance {
	t.Helper()
	i := instance{testkit.Client{T: t, Address: address}, logs}
	i.Log = i.log
	testkit.Await(t, "an answer from "+address, func() bool {
		_, err := i.TryRequest("GET", "/", "")
		return err == nil
	})
	return i
}

func (i instance) post(t *testing.T, path string, body any) testkit.Answer {
	t.Helper()
	payload, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return i.Post(path, string(payload))
}

// tryInit initialises with code: text as it is, bytes in base64.
func (i instance) tryInit(t *testing.T, code any) testkit.Answer {
	t.Helper()
	return i.Post("/init", testkit.InitBody(code, map[string]string{"GREETING": "from init"}))
}

func (i instance) init(t *testing.T, code any) {
	t.Helper()
	if got := i.tryInit(t, code); got != testkit.OK("OK") {
		t.Fatalf("init answered %v\n%s", got, i.log())
	}
}

// refuses says that init must fail, with an error that names every one of words.
func (i instance) refuses(t *testing.T, code any, words ...string) {
	t.Helper()
	got := i.tryInit(t, code)
	text := got.Error(t)
	if got.Status == 503 {
		t.Errorf("init answered %s", got)
	}
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("init said %q, want it to name %q", text, word)
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
	if err := json.Unmarshal([]byte(got.Body), &result); err != nil || got.Status != 200 {
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
		return strings.Join(activations, testkit.Sentinel+"\n") + testkit.Sentinel + "\n"
	}
	var out, errors string
	defer func() {
		if t.Failed() {
			t.Logf("want stdout:\n%s\nwant stderr:\n%s\ngot %s", ended(stdout), ended(stderr), i.log())
		}
	}()
	testkit.Await(t, "the logs are as they should be", func() bool {
		out, errors = i.logs()
		return out == ended(stdout) && errors == ended(stderr)
	})
}

func (i instance) log() string {
	stdout, stderr := i.logs()
	return "stdout:\n" + stdout + "\nstderr:\n" + stderr
}

// zipped returns an archive with one file, not marked as executable.
func zipped(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	return zippedFiles(t, name, string(content))
}

// zippedFiles returns an archive of files: name, text, name, text…
func zippedFiles(t *testing.T, files ...string) []byte {
	t.Helper()
	var archived []testkit.File
	for i := 0; i < len(files); i += 2 {
		archived = append(archived, testkit.File{Name: files[i], Content: files[i+1]})
	}
	return []byte(testkit.Zip(t, archived...))
}

// wrapped is base64 as the seed's shell line sends it: in lines, whose ends the shell turns into blanks.
func wrapped(content []byte) string {
	text := base64.StdEncoding.EncodeToString(content)
	var lines []string
	for len(text) > 76 {
		lines, text = append(lines, text[:76]), text[76:]
	}
	return strings.Join(append(lines, text), " ")
}

package server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
)

// Upload is the body of a POST /init that uploads the executable at path, as the platform sends it: binary, in one
// piece of base64, without blanks. When the executable is smaller than size bytes, zeros follow it up to there (an ELF
// does not mind).
func Upload(path string, size int) ([]byte, error) {
	code, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("upload: %w", err)
	}
	if missing := size - len(code); missing > 0 {
		code = append(code, make([]byte, missing)...)
	}
	const head = `{"value":{"name":"bench","main":"main","binary":true,"code":"`
	body := make([]byte, 0, len(head)+base64.StdEncoding.EncodedLen(len(code))+3)
	body = append(body, head...)
	body = base64.StdEncoding.AppendEncode(body, code)
	return append(body, `"}}`...), nil
}

// Source is the body of a POST /init that uploads the file at path as text.
func Source(path string) ([]byte, error) {
	code, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("upload: %w", err)
	}
	text, err := json.Marshal(string(code))
	return fmt.Appendf(nil, `{"value":{"name":"bench","main":"main","binary":false,"code":%s}}`, text), err
}

// run is the run that a cold start ends with, and id what its answer must hold.
const id = "u00000001"

var run = []byte(`{"value":{"name":"` + id + `"}}`)

// answersRun tells whether body is the answer to run.
func answersRun(body []byte) bool { return bytes.Contains(body, []byte(id)) }

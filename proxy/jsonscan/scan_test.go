package jsonscan

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

var texts = []string{
	`{}`, `[]`, ` { "a" : 1 , "b" : [ true , false , null ] } `, `"x"`, `1`, `-0.5e+10`, `01`, `1.`, `.5`, `1e`, `-`, `+1`,
	`{"a":1,}`, `{,}`, `[,]`, `[1,]`, `[1 2]`, `{"a" 1}`, `{a:1}`, `{"a":}`, `{`, `[`, `{"a"`, `"`, `"\`, `"\u12`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83d\u0041"`,
	`"\x"`, "\"\t\"", "\"\x00\"", "\"\x1f12345678\"", "\"\x7f\"", `"❄ ☃ ❄"`, "\"\xff\xfe\"", `tru`, `truex`, `nul`, `null`, ``, ` `, `{}{}`, `{} x`, "\ufeff{}",
	`{"value":{"name":"Mike"},"activation_id":"a"}`, `{"v\u0061lue":1}`, `{"a":1,"a":2}`, `{"":0}`, "{\n\"a\":\r\n[1,\n2]}",
	`[[[[[[[[]]]]]]]]`, `[[[[]]]`, `[}`, `{]`, `["12345678\"12345678\\"]`, `{"a":{"b":{"c":"}"}}}`,
}

func TestCheckAgreesWithEncodingJSON(t *testing.T) {
	for _, text := range append(texts, strings.Repeat("[", 10000)+strings.Repeat("]", 10000), strings.Repeat("[", 10001)+strings.Repeat("]", 10001)) {
		sameVerdict(t, []byte(text))
	}
}

func sameVerdict(t *testing.T, text []byte) {
	t.Helper()
	if got, want := Check(text) == nil, json.Valid(text); got != want {
		t.Errorf("Check(%.80q) = %v, encoding/json says valid=%v", text, Check(text), want)
	}
}

// lastMembers reads an object with encoding/json's own tokens.
func lastMembers(text []byte) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(text, &m) != nil {
		return nil
	}
	return m
}

func sameMembers(t *testing.T, text []byte) {
	t.Helper()
	want := lastMembers(text)
	got := map[string][]byte{}
	members := Object(text)
	for members.Next() {
		got[string(bytes.ToValidUTF8(members.Key, []byte("\ufffd")))] = append([]byte(nil), members.Value...)
	}
	if (members.Err() == nil) != (want != nil) {
		t.Fatalf("Object(%.80q): %v, encoding/json finds %d members", text, members.Err(), len(want))
	}
	if want == nil {
		return
	}
	for key, raw := range want {
		if g, ok := got[key]; ok && !bytes.Equal(g, raw) {
			t.Errorf("Object(%.80q)[%q] = %q, want %q", text, key, g, raw)
		} else if !ok && bytes.IndexByte([]byte(key), 0xef) < 0 {
			t.Errorf("Object(%.80q) lacks %q", text, key)
		}
	}
}

func sameString(t *testing.T, text []byte) {
	t.Helper()
	var want string
	if json.Unmarshal(text, &want) != nil {
		return
	}
	got, ok := Text(text)
	if Kind(text) == 'n' && !ok {
		return
	}
	if got = strings.ToValidUTF8(got, "\ufffd"); !ok || got != want && !strings.Contains(want, "\ufffd") {
		t.Errorf("Text(%q) = %q %v, want %q", text, got, ok, want)
	}
	if quoted := AppendQuoted(nil, got); json.Unmarshal(quoted, &want) != nil || want != got {
		t.Errorf("AppendQuoted(%q) = %s", got, quoted)
	}
}

func sameCompact(t *testing.T, text []byte) {
	t.Helper()
	var want bytes.Buffer
	if json.Compact(&want, text) != nil {
		return
	}
	if got := AppendCompact(nil, text); !bytes.Equal(got, want.Bytes()) {
		t.Errorf("AppendCompact(%q) = %q, want %q", text, got, want.Bytes())
	}
	line := bytes.Clone(text)
	OneLine(line)
	if bytes.ContainsAny(line, "\r\n") || !json.Valid(line) {
		t.Errorf("OneLine(%q) = %q", text, line)
	}
}

func TestAgainstEncodingJSON(t *testing.T) {
	for _, text := range texts {
		sameMembers(t, []byte(text))
		sameString(t, []byte(text))
		sameCompact(t, []byte(text))
	}
}

func FuzzAgainstEncodingJSON(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		sameVerdict(t, text)
		sameMembers(t, text)
		sameString(t, text)
		sameCompact(t, text)
	})
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	for text, want := range map[string]string{
		``:              "the text ends where a value was expected at byte 0",
		`{"a" 1}`:       "unexpected '1' where a colon was expected at byte 5",
		`{"a":1 "b":2}`: "unexpected '\"' where a comma or the end of the object was expected at byte 7",
		`[1`:            "the text ends where a comma or the end of the array was expected at byte 2",
		`{} {}`:         "data after the value at byte 3",
		"\"\n\"":        "control character in a string at byte 1",
		`"\q123456"`:    "invalid escape in a string at byte 1",
	} {
		if err := Check([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("Check(%q) = %v, want %q", text, err, want)
		}
	}
}

func BenchmarkCheck1MB(b *testing.B) {
	text := []byte(`{"value":{"pad":"` + strings.Repeat("x", 1<<20) + `"}}`)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := Check(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkObjectSmall(b *testing.B) {
	text := []byte(`{"value":{"name":"Mike"},"namespace":"guest","action_name":"/guest/hello","activation_id":"0123456789abcdef0123456789abcdef","deadline":"1515526795000"}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		members := Object(text)
		for members.Next() {
		}
		if members.Err() != nil {
			b.Fatal(members.Err())
		}
	}
}

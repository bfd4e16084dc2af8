package stream

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
)

func opens(id []byte) bool { return string(id) == "a1" || string(id) == "b2" }

func TestRead(t *testing.T) {
	for line, want := range map[string]string{
		"out a1 text  with blanks ":   "out a1 'text  with blanks '",
		"out a1":                      "out a1 ''",
		"out a1 ":                     "out a1 ''",
		"put b2  lo":                  "put b2 ' lo'",
		"log a1 a":                    "log a1 'a'",
		"out64 a1 AAA=":               "out64 a1 'AAA='",
		"head a1 {}":                  "head a1 '{}'",
		`end a1 {"a":1}`:              `end a1 '{"a":1}'`,
		"end a1 nonsense":             "end a1 'nonsense'",
		"out a1 x\r":                  "out a1 'x'",
		"more a1 end {":               "more a1 '{' of end",
		"more a1 out ":                "more a1 '' of out",
		"more a1 out":                 "log 'more a1 out'",
		"more a1 more x":              "log 'more a1 more x'",
		"more a1 other x":             "log 'more a1 other x'",
		"end a1":                      "log 'end a1'",
		"out64 a1":                    "log 'out64 a1'",
		"out c3 text":                 "log 'out c3 text'",
		"out":                         "log 'out'",
		"out  a1 text":                "log 'out  a1 text'",
		"out a-1 text":                "log 'out a-1 text'",
		"outs a1 text":                "log 'outs a1 text'",
		"OUT a1 text":                 "log 'OUT a1 text'",
		"\xef\xbb\xbfout a1 x":        "log '\xef\xbb\xbfout a1 x'",
		"":                            "log ''",
		"debugging":                   "log 'debugging'",
		`10%end a1 {"a":1}`:           `end a1 '{"a":1}' before '10%'`,
		`10% end b2 [1]`:              `end b2 '[1]' before '10% '`,
		`end end end a1 {}`:           `log 'end end end a1 {}'`, // it begins with a word
		`an end a1 {"a":1} x`:         `log 'an end a1 {"a":1} x'`,
		`an end c3 {"a":1}`:           `log 'an end c3 {"a":1}'`,
		`an end a1 {} end a1 {"b":2}`: `end a1 '{"b":2}' before 'an end a1 {} '`,
		`out c3 end a1 {"a":1}`:       `log 'out c3 end a1 {"a":1}'`,
	} {
		l := Read([]byte(line), opens)
		got := words[l.Word]
		if l.Word == NoWord {
			got = "log"
		} else {
			got += " " + string(l.ID)
		}
		got += " '" + string(l.Text) + "'"
		if l.As != NoWord {
			got += " of " + words[l.As]
		}
		if l.Before != nil {
			got += " before '" + string(l.Before) + "'"
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", line, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`10%end a1 {"a":1}`))
	f.Add([]byte("more a1 out x\r"))
	f.Fuzz(func(t *testing.T, line []byte) {
		l := Read(line, opens)
		if l.Word != NoWord && !opens(l.ID) || l.Word == NoWord && len(l.Text) < len(line)-1 {
			t.Errorf("%q: %+v", line, l)
		}
	})
}

func TestReadHead(t *testing.T) {
	for object, want := range map[string]string{
		`{}`:             "0 []",
		`{"status":200}`: "200 []",
		`{"headers":{"Content-Type":"text/html","x-a":"b\tc ñ"},"more":1}`: "0 [{Content-Type text/html} {x-a b\tc ñ}]",
		`{"status":599,"headers":{}}`:                                      "599 []",
		`{"status":199}`:                                                   "its status",
		`{"status":600}`:                                                   "its status",
		`{"status":204}`:                                                   "its status",
		`{"status":304}`:                                                   "its status",
		`{"status":"200"}`:                                                 "its status",
		`{"status":2e2}`:                                                   "its status",
		`{"status":99999999999999999999}`:                                  "its status",
		`{"headers":[]}`:                                                   "its headers",
		`{"headers":null}`:                                                 "its headers",
		`{"headers":{"a":1}}`:                                              "the header a",
		`{"headers":{"a":["b"]}}`:                                          "the header a",
		`{"headers":{"a":"b\r\nc: d"}}`:                                    "the header a",
		`{"headers":{"a":"\u007f"}}`:                                       "the header a",
		`{"headers":{"a b":"c"}}`:                                          `the name of a header is not a token: "a b"`,
		`{"headers":{"":"c"}}`:                                             "the name of a header",
		`{"headers":{"a:":"c"}}`:                                           "the name of a header",
		`{"headers":{"Content-Length":"1"}}`:                               "the header Content-Length",
		`{"headers":{"TRANSFER-ENCODING":"chunked"}}`:                      "the header TRANSFER-ENCODING",
		`{"headers":{"te":"x"}}`:                                           "the header te",
		`[]`:                                                               "it is not a JSON object",
		`{"status":200`:                                                    "it is not a JSON object",
		`{"headers":{` + strings.Repeat(`"a":"b",`, 64) + `"a":"b"}}`: "it has more than 64 headers",
		`{"headers":{"a":"` + strings.Repeat("b", 8192) + `"}}`:       "it has more than 8192 bytes",
	} {
		h, err := ReadHead([]byte(object))
		got := fmt.Sprintf("%d %v", h.Status, h.Fields)
		if err != nil {
			got = strings.TrimPrefix(err.Error(), "the head does not hold: ")
		}
		if got != want && !(err != nil && strings.HasPrefix(got, want)) {
			t.Errorf("%.100s: got %s, want %s", object, got, want)
		}
	}
}

// What a head gives is what net/http reads, and no header more.
func FuzzReadHead(f *testing.F) {
	f.Add([]byte(`{"status":200,"headers":{"Content-Type":"text/html","x-a":"b"}}`))
	f.Fuzz(func(t *testing.T, object []byte) {
		h, err := ReadHead(object)
		if err != nil {
			return
		}
		text := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + string(h.AppendFields(nil)) + "\r\n"
		response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		count := 0
		for _, values := range response.Header {
			count += len(values)
		}
		want := len(h.Fields) + 1 // Content-Length
		if _, named := h.contentType(); !named {
			want++
		}
		if count != want {
			t.Errorf("%q: %d headers of %d", text, count, len(h.Fields))
		}
	})
}

func TestCollection(t *testing.T) {
	header := func(status int, fields ...string) *Header {
		h := &Header{Status: status}
		for i := 0; i < len(fields); i += 2 {
			h.Fields = append(h.Fields, Field{fields[i], fields[i+1]})
		}
		return h
	}
	for name, test := range map[string]struct {
		head   *Header
		pieces []string
		max    int
		result string
		want   string
		note   bool
	}{
		"nothing":           {result: ` {"a":1}`, want: ` {"a":1}`},
		"text":              {pieces: []string{"a", "b\"ñ"}, result: `{"n":2}`, want: `{"n":2,"headers":{"content-type":"text/plain; charset=utf-8"},"body":"a\nb\"ñ\n"}`},
		"an empty result":   {pieces: []string{"a"}, result: "{ }", want: `{ "headers":{"content-type":"text/plain; charset=utf-8"},"body":"a\n"}`},
		"a head":            {head: header(404, "Content-Type", "text/html", "x-a", "b"), pieces: []string{"a"}, result: `{}`, want: `{"statusCode":404,"headers":{"content-type":"text/html","x-a":"b"},"body":"a\n"}`},
		"a head alone":      {head: header(302, "location", "/"), result: `{}`, want: `{"statusCode":302,"headers":{"content-type":"text/plain; charset=utf-8","location":"/"},"body":""}`},
		"bytes":             {head: header(0, "content-type", "image/png"), pieces: []string{"\xff"}, result: `{}`, want: `{"headers":{"content-type":"image/png"},"body":"/wo="}`},
		"text of bytes":     {pieces: []string{"\xff"}, result: `{}`, want: `{"headers":{"content-type":"application/octet-stream"},"body":"/wo="}`},
		"its own head":      {head: header(404), pieces: []string{"a"}, result: `{"statusCode":200,"headers":{"b":"c"}}`, want: `{"statusCode":200,"headers":{"b":"c"},"body":"a\n"}`},
		"an array":          {pieces: []string{"a"}, result: `[1]`, want: `[1]`, note: true},
		"an error":          {pieces: []string{"a"}, result: `{"error":1}`, want: `{"error":1}`, note: true},
		"its own body":      {pieces: []string{"a"}, result: `{"body":"b"}`, want: `{"body":"b"}`, note: true},
		"no result":         {pieces: []string{"a"}, result: `nonsense`, want: `nonsense`, note: true},
		"as long as may be": {pieces: []string{"abc"}, max: 71, result: `{}`, want: `{"headers":{"content-type":"text/plain; charset=utf-8"},"body":"abc\n"}`},
		"escapes count":     {pieces: []string{"ab\x01"}, max: 71, result: `{}`, want: TooLong},
		"too long":          {pieces: []string{"abcd"}, max: 4, result: `{}`, want: TooLong},
	} {
		t.Run(name, func(t *testing.T) {
			c := Collection{Max: test.max}
			if c.Max == 0 {
				c.Max = 1000
			}
			if test.head != nil {
				c.Begin(*test.head)
			}
			for _, piece := range test.pieces {
				if !c.Add([]byte(piece), true) && test.want != TooLong {
					t.Error("too long")
				}
			}
			got, note := c.Append([]byte("room"), []byte(test.result))
			if string(got) != "room"+test.want || (note != "") != test.note {
				t.Errorf("got %s, %q\nwant %s", got, note, test.want)
			}
		})
	}
}

// Chunks and trailers are what net/http reads.
func TestChunks(t *testing.T) {
	long := `{"a":"` + strings.Repeat("ñ", 2000) + `"}`
	for result, want := range map[string][3]string{
		`{"a":1}`:                               {"ok", `{"a":1}`, ""},
		`{"error":"no"}`:                        {"error", `{"error":"no"}`, ""},
		`[{"error":1}]`:                         {"ok", `[{"error":1}]`, ""},
		"{\"ñ\":\r\n\t\"😀\u007f\xff\"}":         {"ok", `{"\u00f1":   "\ud83d\ude00\u007f\ufffd"}`, ""},
		long:                                    {"ok", "", strconv.Itoa(len(long))},
		`["` + strings.Repeat("a", 3068) + `"]`: {"ok", `["` + strings.Repeat("a", 3068) + `"]`, ""},
		`["` + strings.Repeat("a", 3069) + `"]`: {"ok", "", "3073"},
	} {
		b := []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		b = AppendChunk(b, []byte("abcdefghijklmnopq"), false)
		b = AppendChunk(b, nil, false)
		b = AppendChunk(b, nil, true)
		b = AppendEnd(AppendChunk(b, []byte("\r\n"), true), []byte(result))
		response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(b))), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		got := [3]string{response.Trailer.Get("OpenWhisk-Status"), response.Trailer.Get("OpenWhisk-Result"), response.Trailer.Get("OpenWhisk-Result-Length")}
		if err != nil || string(body) != "abcdefghijklmnopq\n\r\n\n" || got != want {
			t.Errorf("got %q, %v, %.200q, want %.200q", body, err, got, want)
		}
		if got[1] != "" && !json.Valid([]byte(got[1])) {
			t.Errorf("the result is no JSON: %s", got[1])
		}
	}
}

func TestDecode64(t *testing.T) {
	for text, want := range map[string]string{"": "", "/wo=": "\xff\n", "YQ==": "a"} {
		if got, ok := Decode64([]byte(text)); string(got) != want || !ok {
			t.Errorf("%s: got %q", text, got)
		}
	}
	for _, text := range []string{"a", "/wo", "YQ== ", "Y\x00==", "_wo="} {
		if _, ok := Decode64([]byte(text)); ok {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestTarget(t *testing.T) {
	for value, want := range map[string]string{
		`{"a":1}`: "",
		`[]`:      "",
		`{"STREAM_HOST":"10.0.0.7","STREAM_PORT":"5000"}`:             "10.0.0.7:5000",
		`{"STREAM_HOST":"fd00::7","STREAM_PORT":5000}`:                "[fd00::7]:5000",
		`{"STREAM_HOST":"::ffff:169.254.169.254","STREAM_PORT":"80"}`: "STREAM_PORT is not a number from 1024",
		`{"STREAM_HOST":"::ffff:10.0.0.7","STREAM_PORT":"8000"}`:      "10.0.0.7:8000",
		`{"STREAM_HOST":"64:ff9b::10.0.0.7","STREAM_PORT":"8000"}`:    "10.0.0.7:8000",
		`{"STREAM_HOST":"host.example.org","STREAM_PORT":"5000"}`:     "it is not the text",
		`{"STREAM_HOST":"[::1]","STREAM_PORT":"5000"}`:                "it is not the text",
		`{"STREAM_HOST":"fe80::1%eth0","STREAM_PORT":"5000"}`:         "it is not the text",
		`{"STREAM_HOST":"0x7f.1","STREAM_PORT":"5000"}`:               "it is not the text",
		`{"STREAM_HOST":"0177.0.0.1","STREAM_PORT":"5000"}`:           "it is not the text",
		`{"STREAM_HOST":"2130706433","STREAM_PORT":"5000"}`:           "it is not the text",
		`{"STREAM_HOST":"10.0.0.7 ","STREAM_PORT":"5000"}`:            "it is not the text",
		`{"STREAM_HOST":"","STREAM_PORT":"5000"}`:                     "it is not the text",
		`{"STREAM_HOST":7,"STREAM_PORT":"5000"}`:                      "it is not the text",
		`{"STREAM_PORT":"5000"}`:                                      "it is not the text",
		`{"STREAM_HOST":"10.0.0.7"}`:                                  "STREAM_PORT is not",
		`{"STREAM_HOST":"10.0.0.7","STREAM_PORT":"0"}`:                "STREAM_PORT is not",
		`{"STREAM_HOST":"10.0.0.7","STREAM_PORT":"1023"}`:             "STREAM_PORT is not",
		`{"STREAM_HOST":"10.0.0.7","STREAM_PORT":"65536"}`:            "STREAM_PORT is not",
		`{"STREAM_HOST":"10.0.0.7","STREAM_PORT":5e3}`:                "STREAM_PORT is not",
		`{"STREAM_HOST":"10.0.0.7","STREAM_PORT":"+5000"}`:            "STREAM_PORT is not",
		`{"STREAM_HOST":"10.0.0.7","STREAM_PORT":null}`:               "STREAM_PORT is not",
	} {
		target, asked, err := ReadTarget([]byte(value))
		got := ""
		switch {
		case err != nil:
			got = strings.TrimPrefix(err.Error(), "no stream goes to STREAM_HOST: ")
		case asked:
			got = text(target)
		}
		if got != want && !(err != nil && want != "" && strings.HasPrefix(got, want)) || asked != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", value, got, asked, want)
		}
	}
}

func TestHosts(t *testing.T) {
	for _, list := range []string{"", "a", "10.0.0.7,", "10.0.0.7:80", "fe80::1%eth0", "10.0.0.0/33", "::ffff:10.0.0.0/104", "10.0.0"} {
		if hosts, ok := ParseHosts(list); ok {
			t.Errorf("%q is taken for %v", list, hosts)
		}
	}
	own := func(a Address) bool { return netip.AddrFrom16(a).Unmap().String() == "10.1.1.1" }
	for _, test := range []struct{ list, target, want string }{
		{"10.0.0.0/8", "10.0.0.7:5000", ""},
		{"10.0.0.9/8 , fd00::/8", "[fd12::1]:5000", ""},
		{"10.0.0.7", "10.0.0.7:5000", ""},
		{"::ffff:10.0.0.7", "10.0.0.7:5000", ""},
		{"10.0.0.0/8", "11.0.0.7:5000", "OW_STREAM_HOSTS does not allow"},
		{"0.0.0.0/0,::/0", "8.8.8.8:5000", ""},
		{"0.0.0.0/0,::/0", "127.0.0.1:5000", "OW_STREAM_HOSTS does not name"},
		{"0.0.0.0/0,::/0", "[::1]:5000", "OW_STREAM_HOSTS does not name"},
		{"0.0.0.0/0,::/0", "169.254.169.254:5000", "OW_STREAM_HOSTS does not name"},
		{"0.0.0.0/0,::/0", "0.0.0.0:5000", "OW_STREAM_HOSTS does not name"},
		{"0.0.0.0/0,::/0", "0.1.2.3:5000", "OW_STREAM_HOSTS does not name"},
		{"0.0.0.0/0,::/0", "[::]:5000", "OW_STREAM_HOSTS does not name"},
		{"0.0.0.0/0,::/0", "[fe80::1]:5000", "OW_STREAM_HOSTS does not name"},
		{"0.0.0.0/0,::/0", "224.0.0.1:5000", "OW_STREAM_HOSTS does not name"},
		{"0.0.0.0/0,::/0", "255.255.255.255:5000", "OW_STREAM_HOSTS does not name"},
		{"127.0.0.1,0.0.0.0/0", "127.0.0.1:5000", ""},
		{"127.0.0.1", "127.0.0.2:5000", "OW_STREAM_HOSTS does not allow"},
		{"10.0.0.0/8", "10.1.1.1:8080", "it is the proxy itself"},
		{"10.0.0.0/8", "10.1.1.1:8081", ""},
		{"10.1.1.1", "10.1.1.1:8080", "it is the proxy itself"},
	} {
		hosts, ok := ParseHosts(test.list)
		if !ok {
			t.Fatalf("%s is not taken", test.list)
		}
		a := netip.MustParseAddrPort(test.target)
		err := hosts.Check(Target{a.Addr().As16(), a.Port()}, own, 8080)
		if (err == nil) != (test.want == "") || err != nil && !strings.HasPrefix(err.Error(), "no stream goes to STREAM_HOST: "+test.want) {
			t.Errorf("%s, %s: got %v, want %q", test.list, test.target, err, test.want)
		}
	}
}

// text returns a target as netip writes it.
func text(t Target) string {
	return netip.AddrPortFrom(netip.AddrFrom16(t.Address).Unmap(), t.Port).String()
}

// Addresses and CIDRs are those that net/netip takes.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"10.0.0.7", "::ffff:169.254.169.254", "::", "1::", "::1", "1:2:3:4:5:6:7:8", "1::8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8::",
		"1::2::3", ":1", "1:", ":::", "1:2:3:4:5:6:1.2.3.4", "::1.2.3.4", "1.2.3.4::", "01.2.3.4", "1.2.3", "1.2.3.4.5", "12345::", "fe80::1%eth0", "64:ff9b::1.2.3.4", "+1.2.3.4", "0x1.2.3.4", "1_0::", ""} {
		f.Add(s, 8)
	}
	f.Fuzz(func(t *testing.T, s string, bits int) {
		want, err := netip.ParseAddr(s)
		got, ok := parseAddress(s)
		if ok != (err == nil && want.Zone() == "") {
			t.Fatalf("%q: %v, net/netip says %v", s, ok, err)
		}
		if !ok {
			return
		}
		if is64 := netip.MustParsePrefix("64:ff9b::/96").Contains(want); !is64 && got != want.As16() || is64 && netip.AddrFrom16(got).Unmap().As4() != [4]byte(want.AsSlice()[12:]) {
			t.Fatalf("%q: %x, net/netip says %x", s, got, want.As16())
		}
		a := netip.AddrFrom16(got).Unmap()
		if special := a.IsUnspecified() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.Is4() && a.As4()[0] == 0 || a.String() == "255.255.255.255"; special != got.isSpecial() {
			t.Errorf("%q: special %v", s, got.isSpecial())
		}
		p, ok := parsePrefix(a.String() + "/" + strconv.Itoa(bits))
		q, err := netip.ParsePrefix(a.String() + "/" + strconv.Itoa(bits))
		if ok != (err == nil) {
			t.Fatalf("%v/%d: %v, net/netip says %v", a, bits, ok, err)
		}
		for i := range 128 {
			b := got
			b[i/8] ^= 1 << (i % 8)
			if other := netip.AddrFrom16(b).Unmap(); ok && other.Is4() == a.Is4() && p.contains(b) != q.Contains(other) {
				t.Errorf("%v/%d contains %v: %v", a, bits, other, p.contains(b))
			}
		}
	})
}

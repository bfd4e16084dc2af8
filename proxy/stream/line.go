// Package stream has the parts of the native protocol's version 2 that need no descriptor: lines of an action are taken
// apart, heads are checked, and streams become an answer of one piece, chunks with trailers, or bytes for an address
// that the image allows. The protocol is specified in docs/native-protocol.md.
//
//	line := stream.Read(text, isOpen)
//	switch line.Word {
//	case stream.Out:
//		collection.Add(line.Text, true)
//	case stream.End:
//		answer := collection.Append(room, line.Text)
//	}
package stream

import (
	"bytes"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// A Word is the first word of a line.
type Word int

// The words of an action. NoWord is a line of log that belongs to no id.
const (
	NoWord Word = iota
	Head
	Out
	Put
	Out64
	Log
	End
	More
)

var words = [...]string{Head: "head", Out: "out", Put: "put", Out64: "out64", Log: "log", End: "end", More: "more"}

// A Line is a line of an action. Its texts are parts of the bytes that were read.
type Line struct {
	Word Word
	ID   []byte
	Text []byte // after the id, and of More after the word As
	As   Word   // of More: the word whose next line Text begins
	// Before is text that an action had printed without the end of a line, before an end. It is a line of log.
	Before []byte
}

// Read takes a line apart, whose LF is gone. A line whose id is not open is one of log, as is one that lacks a part
// that its word needs; then Text is the whole line.
func Read(line []byte, open func(id []byte) bool) Line {
	line = bytes.TrimSuffix(line, []byte{'\r'})
	l, known := parse(line)
	switch {
	case l.Word != NoWord && open(l.ID):
		return l
	case known:
		return Line{Text: line}
	}
	for rest := line; ; {
		i := bytes.Index(rest, []byte("end "))
		if i < 0 {
			return Line{Text: line}
		}
		rest = rest[i:]
		if l, _ := parse(rest); l.Word == End && open(l.ID) && isResult(l.Text) {
			l.Before = line[:len(line)-len(rest)]
			return l
		}
		rest = rest[len("end "):]
	}
}

// parse reports also whether the line begins with a word, whatever follows it.
func parse(line []byte) (l Line, known bool) {
	first, rest, _ := cut(line)
	word := wordOf(first)
	if word == NoWord {
		return Line{}, false
	}
	id, text, more := cut(rest)
	if !isID(id) || !more && word != Out && word != Put && word != Log {
		return Line{}, true
	}
	l = Line{Word: word, ID: id, Text: text}
	if word == More {
		as, text, more := cut(text)
		if l.As, l.Text = wordOf(as), text; !more || l.As == NoWord || l.As == More {
			return Line{}, true
		}
	}
	return l, true
}

// cut cuts at the first blank.
func cut(b []byte) (before, after []byte, found bool) {
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		return b[:i], b[i+1:], true
	}
	return b, nil, false
}

func wordOf(b []byte) Word {
	for word, text := range words {
		if word != int(NoWord) && string(b) == text {
			return Word(word)
		}
	}
	return NoWord
}

// longestID is how many characters an id may have.
const longestID = 32

func isID(b []byte) bool {
	if len(b) == 0 || len(b) > longestID {
		return false
	}
	for _, c := range b {
		if !isAlphanumeric(c) {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' }

// isResult reports whether a text is a whole object or array.
func isResult(text []byte) bool {
	kind := jsonscan.Kind(text)
	return (kind == '{' || kind == '[') && jsonscan.Check(text) == nil
}

// IsError reports whether a result is an object with the member error.
func IsError(result []byte) bool { return has(result, "error") }

// has reports whether a text is an object with a member.
func has(text []byte, member string) (found bool) {
	members := jsonscan.Object(text)
	for members.Next() {
		found = found || string(members.Key) == member
	}
	return found && members.Err() == nil
}

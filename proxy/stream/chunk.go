package stream

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"
)

// Type is the media type that a client accepts when it takes chunks.
const Type = "application/vnd.openwhisk.stream"

// mostTrailer is the longest result that follows a stream, in bytes of ASCII. Clients in Go take trailers of 4 KiB.
const mostTrailer = 3 << 10

// AppendChunk appends a piece of a stream as a chunk (RFC 9112, section 7.1), with a LF after it if line says so. A
// piece of nothing is none, for that would end the stream.
func AppendChunk(b, piece []byte, line bool) []byte {
	size := len(piece)
	if line {
		size++
	}
	if size == 0 {
		return b
	}
	b = append(strconv.AppendInt(b, int64(size), 16), "\r\n"...)
	b = append(b, piece...)
	if line {
		b = append(b, '\n')
	}
	return append(b, "\r\n"...)
}

// AppendEnd appends the last chunk and the trailers, which tell the result.
func AppendEnd(b, result []byte) []byte {
	b = append(b, "0\r\n"...)
	if IsError(result) {
		b = appendField(b, "OpenWhisk-Status", "error")
	} else {
		b = appendField(b, "OpenWhisk-Status", "ok")
	}
	begin := len(b)
	b = append(b, "OpenWhisk-Result: "...)
	if b = appendASCII(b, result); len(b)-begin > mostTrailer+len("OpenWhisk-Result: ") {
		b = appendField(b[:begin], "OpenWhisk-Result-Length", strconv.Itoa(len(result)))
	} else {
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}

// appendASCII appends JSON with all but ASCII escaped, and blanks for line ends between its parts. Of a text that is
// longer than any trailer it appends only the beginning.
func appendASCII(b, json []byte) []byte {
	begin := len(b)
	for i := 0; i < len(json) && len(b)-begin <= mostTrailer; {
		r, size := utf8.DecodeRune(json[i:])
		i += size
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b = append(b, ' ')
		case r < 0x7F:
			b = append(b, byte(r))
		case r > 0xFFFF:
			r -= 0x10000
			b = appendHex(appendHex(b, 0xD800+r>>10), 0xDC00+r&0x3FF)
		default:
			b = appendHex(b, r)
		}
	}
	return b
}

func appendHex(b []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

// Decode64 returns the bytes of an out64, and whether its text is base64.
func Decode64(text []byte) ([]byte, bool) {
	b, err := base64.StdEncoding.AppendDecode(nil, text)
	return b, err == nil
}

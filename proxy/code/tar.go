package code

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// A tarReader reads a tar archive (POSIX.1-2017 pax; GNU long names too) as far as unpacking needs. archive/tar would
// bring fmt and reflect into the proxy.
type tarReader struct {
	r       io.Reader
	left    int64 // of the current entry's content
	padding int64 // after it, up to a whole block
	block   [tarBlock]byte
}

const (
	tarBlock = 512
	// maxExtended is how large a pax header or a long name may be, in bytes.
	maxExtended = 1 << 20
)

// The kinds of entries, as the header's typeflag writes them.
const (
	tarRegularOld = 0
	tarRegular    = '0'
	tarHardLink   = '1'
	tarSymlink    = '2'
	tarFolder     = '5'
	tarContiguous = '7'
	tarPax        = 'x'
	tarPaxGlobal  = 'g'
	tarSparse     = 'S'
	tarLongName   = 'L'
	tarLongLink   = 'K'
)

// tarHeader is one entry.
type tarHeader struct {
	name, link string
	kind       byte
	mode       uint32
	size       int64
}

func newTar(r io.Reader) *tarReader { return &tarReader{r: r} }

// next goes to the next entry; Read then gives its content. io.EOF is the end of the archive.
func (t *tarReader) next() (*tarHeader, error) {
	var name, link string
	var size int64 = -1
	for {
		h, err := t.header()
		if err != nil {
			return nil, err
		}
		switch h.kind {
		case tarPax, tarLongName, tarLongLink:
			text, err := t.extended(h)
			if err != nil {
				return nil, err
			}
			switch h.kind {
			case tarLongName:
				name = strings.TrimRight(text, "\x00")
			case tarLongLink:
				link = strings.TrimRight(text, "\x00")
			default:
				if err := paxRecords(text, &name, &link, &size); err != nil {
					return nil, err
				}
			}
			continue
		case tarPaxGlobal:
			if _, err := t.extended(h); err != nil {
				return nil, err
			}
			continue
		}
		if name != "" {
			h.name = name
		}
		if link != "" {
			h.link = link
		}
		if size >= 0 {
			t.expect(size)
			h.size = size
		}
		if h.kind == tarRegularOld && strings.HasSuffix(h.name, "/") {
			h.kind = tarFolder
		}
		return h, nil
	}
}

// Read reads the current entry's content.
func (t *tarReader) Read(b []byte) (int, error) {
	if t.left == 0 {
		return 0, io.EOF
	}
	n, err := t.r.Read(b[:min(int64(len(b)), t.left)])
	t.left -= int64(n)
	if err == io.EOF && t.left > 0 {
		err = io.ErrUnexpectedEOF
	} else if err == io.EOF {
		err = nil
	}
	return n, err
}

func (t *tarReader) expect(size int64) { t.left, t.padding = size, -size&(tarBlock-1) }

var errTarHeader = errors.New("a header is malformed")

func (t *tarReader) header() (*tarHeader, error) {
	if _, err := io.CopyN(overRead{}, t.r, t.left+t.padding); err != nil {
		return nil, cutOff(err)
	}
	t.left, t.padding = 0, 0
	if n, err := io.ReadFull(t.r, t.block[:]); err != nil {
		if n == 0 && err == io.EOF {
			return nil, io.EOF // an archive without its two zero blocks is whole enough
		}
		return nil, cutOff(err)
	}
	b := t.block[:]
	if bytes.Count(b, []byte{0}) == tarBlock {
		return nil, io.EOF
	}
	sum, err := octal(b[148:156])
	if err != nil || sum != checksum(b) {
		return nil, errors.New("a header's checksum is wrong")
	}
	h := &tarHeader{name: cString(b[:100]), link: cString(b[157:257]), kind: b[156]}
	if string(b[257:262]) == "ustar" && b[262] == 0 {
		if prefix := cString(b[345:500]); prefix != "" {
			h.name = prefix + "/" + h.name
		}
	}
	if h.size, err = number(b[124:136]); err != nil {
		return nil, err
	}
	mode, err := octal(b[100:108])
	if err != nil {
		return nil, err
	}
	h.mode = uint32(mode & 0o777)
	switch h.kind {
	case tarHardLink, tarSymlink, '3', '4', tarFolder, '6':
		h.size = 0 // they have no content, whatever they say
	}
	t.expect(h.size)
	return h, nil
}

//go:noinline
func cutOff(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errCutOff
	}
	return err
}

// checksum returns the sum of a header's bytes, with its own field taken as blanks.
func checksum(b []byte) (sum int64) {
	for i, c := range b {
		if 148 <= i && i < 156 {
			c = ' '
		}
		sum += int64(c)
	}
	return sum
}

func cString(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

func octal(b []byte) (int64, error) {
	s := strings.Trim(string(b), " \x00")
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 8, 64)
	if err != nil || n < 0 {
		return 0, errTarHeader
	}
	return n, nil
}

// number reads a size: octal, or base 256 where the first bit is set.
func number(b []byte) (int64, error) {
	if b[0]&0x80 == 0 {
		return octal(b)
	}
	n := int64(b[0] & 0x7f)
	for _, c := range b[1:] {
		if n >= 1<<47 {
			return 0, errTarHeader
		}
		n = n<<8 | int64(c)
	}
	return n, nil
}

func (t *tarReader) extended(h *tarHeader) (string, error) {
	if h.size > maxExtended {
		return "", errors.New("an extended header is larger than 1 MiB")
	}
	b, err := io.ReadAll(t)
	if err != nil {
		return "", cutOff(err)
	}
	return string(b), nil
}

// paxRecords reads records of the form "27 path=some/name\n".
func paxRecords(text string, name, link *string, size *int64) error {
	for text != "" {
		digits, rest, ok := strings.Cut(text, " ")
		n, err := strconv.Atoi(digits)
		if !ok || err != nil || n <= len(digits)+1 || n > len(text) || text[n-1] != '\n' {
			return errTarHeader
		}
		record := rest[:n-len(digits)-2]
		text = text[n:]
		key, value, ok := strings.Cut(record, "=")
		if !ok {
			return errTarHeader
		}
		if strings.HasPrefix(key, "GNU.sparse.") {
			return errors.New("it holds sparse files: pack it without --sparse")
		}
		switch key {
		case "path":
			*name = value
		case "linkpath":
			*link = value
		case "size":
			s, err := strconv.ParseInt(value, 10, 47)
			if err != nil || s < 0 {
				return errTarHeader
			}
			*size = s
		}
	}
	return nil
}

package registry

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// A Tally is the result of an upload. It follows the try that succeeds: bytes of earlier tries do not count, even if
// they are still read after the answer.
type Tally struct {
	// Moved is called with the number of bytes sent, or a negative number if these are sent again. Calls do not
	// overlap. It may be nil.
	Moved func(bytes int64)

	mutex    sync.Mutex
	current  *sending // the try that counts, or nil
	uploaded bool
}

type tallyKey struct{}

// tallyOf returns the tally of a request's upload, or nil.
func tallyOf(request *http.Request) *Tally {
	tally, _ := request.Context().Value(tallyKey{}).(*Tally)
	return tally
}

func withTally(ctx context.Context, tally *Tally) context.Context {
	if tally == nil {
		return ctx
	}
	return context.WithValue(ctx, tallyKey{}, tally)
}

// Uploaded reports whether the blob was sent. Else it was there before.
func (t *Tally) Uploaded() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.uploaded
}

// sending is the body of one try to send a blob.
type sending struct {
	io.ReadCloser
	tally *Tally
	bytes int64
	taken bool // by the registry, even if more is read
}

// begin returns the body of a try. It counts the bytes of a blob; those of the former try no longer count.
func (t *Tally) begin(request *http.Request, body io.ReadCloser) io.ReadCloser {
	if t == nil || request.Method != http.MethodPatch || body == nil {
		return body
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.drop()
	t.current = &sending{ReadCloser: body, tally: t}
	return t.current
}

func (s *sending) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.tally.mutex.Lock()
	defer s.tally.mutex.Unlock()
	if s.tally.current == s && !s.taken {
		s.move(int64(n))
	}
	return n, err
}

// end records whether the registry has taken the body of a request. Then all its bytes count, or none.
func (t *Tally) end(request *http.Request, taken bool) {
	if t == nil || request.Method != http.MethodPatch {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	switch {
	case t.current == nil:
	case taken:
		t.current.move(request.ContentLength - t.current.bytes)
		t.current.taken, t.uploaded = true, true
	default:
		t.drop()
	}
}

// move counts bytes. The tally must be locked.
func (s *sending) move(bytes int64) {
	s.bytes += bytes
	if s.tally.Moved != nil && bytes != 0 {
		s.tally.Moved(bytes)
	}
}

// drop subtracts the bytes counted. The tally must be locked.
func (t *Tally) drop() {
	if t.current != nil {
		t.current.move(-t.current.bytes)
	}
	t.current, t.uploaded = nil, false
}

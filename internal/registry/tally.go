package registry

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// A Tally says what became of one upload. It follows the try that succeeds: whatever an earlier try has sent, or still
// reads after its answer came, does not count.
type Tally struct {
	// Moved is told how many bytes were sent, and less than 0 when these are to be sent again. Its calls follow each
	// other. It may be nil.
	Moved func(bytes int64)

	mutex    sync.Mutex
	current  *sending // the try that counts, or nil
	uploaded bool
	mounted  bool
}

type tallyKey struct{}

// tallyOf returns the tally for what a request carries, or nil.
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

// Mounted says whether the registry has taken the blob from another repository.
func (t *Tally) Mounted() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.mounted
}

// Uploaded says whether the blob was sent. One that was neither sent nor mounted was there.
func (t *Tally) Uploaded() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.uploaded
}

// sending is the body of one try to send the bytes of a blob.
type sending struct {
	io.ReadCloser
	tally *Tally
	bytes int64
	taken bool // by the registry, whatever is still read
}

// begin returns the body of a try, which is counted where it has the bytes of a blob. The former try counts no more.
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

// end notes whether the registry has taken the bytes of a request. Then all of them count, or none.
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

// move counts bytes. The tally is locked.
func (s *sending) move(bytes int64) {
	s.bytes += bytes
	if s.tally.Moved != nil && bytes != 0 {
		s.tally.Moved(bytes)
	}
}

// drop takes back what was counted. The tally is locked.
func (t *Tally) drop() {
	if t.current != nil {
		t.current.move(-t.current.bytes)
	}
	t.current, t.uploaded, t.mounted = nil, false, false
}

// answer notes a mount (OCI distribution-spec, "Mounting a blob from another repository").
func (t *Tally) answer(request *http.Request, response *http.Response) {
	if t == nil || request.Method != http.MethodPost || response.StatusCode != http.StatusCreated || !request.URL.Query().Has("mount") {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.drop()
	t.mounted = true
}

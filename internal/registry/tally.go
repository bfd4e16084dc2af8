package registry

import (
	"context"
	"net/http"
	"sync"
)

// Tally says what became of one upload.
type Tally struct {
	Moved func(bytes int64) // is told what was sent, and less than 0 when an upload begins anew; may be nil

	mutex    sync.Mutex
	bytes    int64
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
	return t.mounted && !t.uploaded
}

// Uploaded says whether the blob was sent. One that was neither sent nor mounted was there.
func (t *Tally) Uploaded() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.uploaded
}

// begin starts to count the bytes of a blob; those of other requests do not count.
func (t *Tally) begin(request *http.Request) *Tally {
	if t == nil || request.Method != http.MethodPatch {
		return nil
	}
	t.mutex.Lock()
	before := t.bytes
	t.bytes, t.uploaded = 0, true
	t.mutex.Unlock()
	t.tell(-before)
	return t
}

func (t *Tally) sent(n int) {
	if t == nil {
		return
	}
	t.mutex.Lock()
	t.bytes += int64(n)
	t.mutex.Unlock()
	t.tell(int64(n))
}

// answer notes a mount (OCI distribution-spec, "Mounting a blob from another repository").
func (t *Tally) answer(request *http.Request, response *http.Response) {
	if t == nil || request.Method != http.MethodPost || response.StatusCode != http.StatusCreated || !request.URL.Query().Has("mount") {
		return
	}
	t.mutex.Lock()
	t.mounted = true
	t.mutex.Unlock()
}

func (t *Tally) tell(bytes int64) {
	if t.Moved != nil && bytes != 0 {
		t.Moved(bytes)
	}
}

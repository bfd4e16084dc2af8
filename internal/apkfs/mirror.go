package apkfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	attempts = 3                      // how often something is asked for
	pause    = 300 * time.Millisecond // before it is asked for again, times the attempts made
	patience = 30 * time.Second       // how long a server may send nothing
)

// mirror is a folder or a server with packages.
type mirror struct {
	folder   string   // "" for a server
	base     *url.URL // nil for a folder
	patience time.Duration
	pause    time.Duration
}

func newMirror(where string) (mirror, error) {
	if where == "" {
		where = PublicMirror
	}
	if !strings.Contains(where, "://") {
		found, err := os.Stat(where)
		if err != nil || !found.IsDir() {
			return mirror{}, fmt.Errorf("the Alpine mirror %s is neither a folder nor a URL (https://...)", where)
		}
		return mirror{folder: where}, nil
	}
	base, err := url.Parse(where)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return mirror{}, fmt.Errorf("the Alpine mirror %s is neither a folder nor an https or http URL", where)
	}
	return mirror{base: base, patience: patience, pause: pause}, nil
}

// plain reports whether somebody on the way could show an old state of the mirror: with http to another machine.
func (m mirror) plain() bool {
	if m.base == nil || m.base.Scheme != "http" {
		return false
	}
	address := net.ParseIP(m.base.Hostname())
	return m.base.Hostname() != "localhost" && (address == nil || !address.IsLoopback())
}

// full returns the full name of something at the mirror, without a password.
func (m mirror) full(name string) string {
	if m.base == nil {
		return filepath.Join(m.folder, filepath.FromSlash(name))
	}
	return m.base.JoinPath(name).Redacted()
}

// get returns a file of the mirror, of at most limit bytes. The error is [fs.ErrNotExist] where there is none.
func (m mirror) get(ctx context.Context, name string, limit int64) ([]byte, error) {
	if m.base == nil {
		return m.read(name, limit)
	}
	var err error
	for attempt := range attempts {
		if attempt > 0 {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(time.Duration(attempt) * m.pause):
			}
		}
		var content []byte
		content, err = m.ask(ctx, name, limit)
		var answer *answerError
		if err == nil || ctx.Err() != nil || errors.As(err, &answer) && answer.status < 500 {
			return content, err
		}
	}
	return nil, fmt.Errorf("%w, %d times", err, attempts)
}

func (m mirror) read(name string, limit int64) ([]byte, error) {
	file, err := os.Open(m.full(name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := limited(file, limit)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", m.full(name), err)
	}
	return content, nil
}

// answerError is an answer of a server that is not the file.
type answerError struct {
	url    string
	status int
}

func (e *answerError) Error() string {
	return fmt.Sprintf("get %s: the server answers %d %s", e.url, e.status, http.StatusText(e.status))
}

func (e *answerError) Is(target error) bool {
	return target == fs.ErrNotExist && (e.status == http.StatusNotFound || e.status == http.StatusGone)
}

// ask asks a server for a file once.
func (m mirror) ask(ctx context.Context, name string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := &silentError{fmt.Sprintf("the server has sent nothing for %s", m.patience)}
	timer := time.AfterFunc(m.patience, func() { cancel(silence) })
	defer timer.Stop()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, m.base.JoinPath(name).String(), nil)
	if err != nil {
		return nil, err
	}
	// Some servers label archives as gzipped text, and net/http would unzip what it had asked for itself.
	request.Header.Set("Accept-Encoding", "identity")
	client := http.Client{CheckRedirect: func(next *http.Request, before []*http.Request) error {
		if len(before) >= 5 || m.base.Scheme == "https" && next.URL.Scheme != "https" {
			return fmt.Errorf("it is redirected to %s", next.URL.Redacted())
		}
		return nil
	}}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", m.full(name), failure(ctx, err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, &answerError{m.full(name), response.StatusCode}
	}
	content, err := limited(&watched{response.Body, func() { timer.Reset(m.patience) }}, limit)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", m.full(name), failure(ctx, err))
	}
	return content, nil
}

// failure returns what to tell of a failed request: why it was given up, or the error without what the message says
// already.
func failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the download ends too early")
	}
	return err
}

// watched calls progress whenever something was read.
type watched struct {
	io.Reader
	progress func()
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.progress()
	}
	return n, err
}

func limited(r io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("it is larger than the %d bytes that it may have", limit)
	}
	return content, err
}

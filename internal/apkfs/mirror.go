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

	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// mirror is a folder or a server of packages.
type mirror struct {
	folder   string   // "" for a server
	base     *url.URL // nil for a folder
	patience patient.Patience
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
	return mirror{base: base, patience: patient.Patience{Retries: 2, Pause: 300 * time.Millisecond, Silence: 30 * time.Second}}, nil
}

// plain reports whether an attacker on the network could replay an old state of the mirror: http to another machine.
func (m mirror) plain() bool {
	if m.base == nil || m.base.Scheme != "http" {
		return false
	}
	address := net.ParseIP(m.base.Hostname())
	return m.base.Hostname() != "localhost" && (address == nil || !address.IsLoopback())
}

// full returns the full name of a file at the mirror, without a password.
func (m mirror) full(name string) string {
	if m.base == nil {
		return filepath.Join(m.folder, filepath.FromSlash(name))
	}
	return m.base.JoinPath(name).Redacted()
}

// get returns a file of the mirror, of at most limit bytes. The error is [fs.ErrNotExist] if there is none.
func (m mirror) get(ctx context.Context, name string, limit int64) ([]byte, error) {
	if m.base == nil {
		return patient.ReadFile(m.full(name), limit)
	}
	var content []byte
	tries := 0
	err := m.patience.Try(ctx, func() (wait time.Duration, again bool, err error) {
		tries++
		content, err = m.ask(ctx, name, limit)
		var answer *answerError
		switch {
		case err == nil || ctx.Err() != nil:
			return 0, false, err
		case errors.As(err, &answer):
			return answer.wait, patient.IsBusy(answer.status), err
		}
		return 0, patient.Passes(err, true), fmt.Errorf("get %s: %w", m.full(name), m.failure(err))
	})
	switch {
	case err == nil:
		return content, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case tries > 1:
		err = fmt.Errorf("%w, %d times", err, tries)
	}
	return nil, err
}

// answerError is an answer of a server other than the file.
type answerError struct {
	url    string
	status int
	wait   time.Duration // the time that the server asks to wait
}

func (e *answerError) Error() string {
	return fmt.Sprintf("get %s: the server answers %d %s", e.url, e.status, http.StatusText(e.status))
}

func (e *answerError) Is(target error) bool {
	return target == fs.ErrNotExist && (e.status == http.StatusNotFound || e.status == http.StatusGone)
}

// ask asks a server for a file once.
func (m mirror) ask(ctx context.Context, name string, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, m.base.JoinPath(name).String(), nil)
	if err != nil {
		return nil, err
	}
	// Some servers label archives as gzipped text, and net/http would unzip them.
	request.Header.Set("Accept-Encoding", "identity")
	client := http.Client{Transport: patient.Wire{RoundTripper: http.DefaultTransport, Silence: m.patience.Silence}, CheckRedirect: m.checkRedirect}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, &answerError{m.full(name), response.StatusCode, patient.RetryAfter(response.Header, time.Now())}
	}
	return patient.ReadAll(response.Body, response.ContentLength, limit)
}

func (m mirror) checkRedirect(next *http.Request, before []*http.Request) error {
	if len(before) >= 5 || m.base.Scheme == "https" && next.URL.Scheme != "https" {
		return fmt.Errorf("it is redirected to %s", next.URL.Redacted())
	}
	return nil
}

// failure returns the explanation of a failed request.
func (m mirror) failure(err error) error {
	var silent *patient.SilentError
	switch {
	case errors.As(err, &silent):
		return silent
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the download ends too early")
	}
	return patient.Explain(m.base.Host, err)
}

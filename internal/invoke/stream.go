package invoke

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
	"unicode/utf8"
)

// StreamType is the media type that a client accepts which wants the stream of a run while it is made
// (docs/native-protocol.md).
const StreamType = "application/vnd.openwhisk.stream"

// Trailers of a stream: how the run ended, its result, and in place of a long one how many bytes that has.
const (
	statusTrailer = "OpenWhisk-Status"
	resultTrailer = "OpenWhisk-Result"
	lengthTrailer = "OpenWhisk-Result-Length"
)

// Stream is Run for an action that may stream: it writes the stream to out as it comes. A container that does not
// stream answers as to Run, and nothing is written. When ctx ends the connection is closed, which cancels the run.
func (c Client) Stream(ctx context.Context, value json.RawMessage, out io.Writer) (Answer, error) {
	request, err := c.request(ctx, "/run", c.activation(value))
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Accept", StreamType)
	return c.do(request, func(response *http.Response, began time.Time) (Answer, error) {
		if response.ContentLength >= 0 {
			return c.whole(response, began)
		}
		answer := Answer{Status: response.StatusCode, Streamed: true, First: time.Since(began)}
		_, announced := response.Trailer[http.CanonicalHeaderKey(statusTrailer)]
		n, err := relay(out, response.Body)
		answer.Took = time.Since(began)
		status := response.Trailer.Get(statusTrailer)
		switch {
		case ctx.Err() != nil:
			return Answer{}, ctx.Err()
		case errors.Is(err, errOutput):
			return Answer{}, err
		case err == nil && status == "" && !announced:
			return Answer{}, fmt.Errorf("%s/run answered in chunks, but not with a stream of an action: nothing says how the run ended", c.URL)
		case err != nil || status == "":
			return Answer{}, fmt.Errorf("%s/run ended in the middle of its stream, after %d bytes: its log tells why", c.URL, n)
		}
		answer.Body = []byte(response.Trailer.Get(resultTrailer))
		answer.failed = status != "ok"
		if length := response.Trailer.Get(lengthTrailer); length != "" {
			answer.Left = length
		}
		return answer, nil
	})
}

// errOutput is an output that takes no more.
var errOutput = errors.New("write the stream")

// relay copies what comes as it comes, but for characters that are not whole yet, and returns how many bytes came.
func relay(out io.Writer, in io.Reader) (n int64, err error) {
	var b [32 << 10]byte
	kept := 0
	for err == nil {
		var more int
		more, err = in.Read(b[kept:])
		n += int64(more)
		kept += more
		whole := kept
		if err == nil {
			whole = wholeCharacters(b[:kept])
		}
		if _, failed := out.Write(b[:whole]); failed != nil {
			return n, fmt.Errorf("%w: %w", errOutput, failed)
		}
		kept = copy(b[:], b[whole:kept])
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// wholeCharacters returns how much of b ends with a whole character.
func wholeCharacters(b []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(b); back++ {
		if at := len(b) - back; utf8.RuneStart(b[at]) {
			if !utf8.FullRune(b[at:]) {
				return at
			}
			break
		}
	}
	return len(b)
}

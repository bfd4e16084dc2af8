package buildkit

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/page"
)

// Version is the version of BuildKit that this engine is linked with. Its images are known to equal the embedded
// engine's. A test compares it with go.mod.
const Version = "v0.32.2"

// judge returns the error of a build: a [lostError] if the builder has caused it.
func (b *builder) judge(ctx context.Context, c *client.Client, err error) error {
	var lost *lostError
	var failed *stepError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &lost):
		return lost
	case errors.As(err, &failed):
		return failed
	case strings.Contains(err.Error(), "no space left on device"):
		return b.lose(c, &lostError{reason: "its disk is full: " + tail(err.Error())})
	}
	if asked := ask(ctx, c, b.patience); asked != nil && ctx.Err() == nil {
		return b.lose(c, &lostError{reason: reason(asked), away: true})
	}
	if grpcerrors.Code(err) == codes.Unavailable { // it was away, and is back
		return &lostError{reason: reason(err), away: true}
	}
	return errors.New(reason(err) + elsewhere(err.Error()))
}

// cacheBlob is the start of BuildKit's error for a cache that it cannot write.
const cacheBlob = "error writing layer blob: "

// elsewhere returns advice if a push, or the export of a cache, did not reach its registry: this machine could reach it
// before the build.
func elsewhere(text string) string {
	if !strings.Contains(text, "failed to push ") && !strings.Contains(text, cacheBlob) {
		return ""
	}
	for _, word := range []string{": dial tcp", "x509: ", "server gave HTTP response to HTTPS client", "400 Bad Request"} {
		if strings.Contains(text, word) {
			return " (builders push from where they run: " + page.Pushing + ")"
		}
	}
	return ""
}

// reason returns an error's text without the words of gRPC around it.
func reason(err error) string {
	text := plainly(err.Error())
	if answer, ok := status.FromError(err); ok && answer.Message() != "" {
		text = plainly(answer.Message())
	}
	// gRPC quotes errors that it wraps.
	if before, quoted, found := strings.Cut(text, ` desc = "`); found {
		if whole, err := strconv.QuotedPrefix(`"` + quoted); err == nil {
			inner, _ := strconv.Unquote(whole)
			text = before + " desc = " + inner + quoted[len(whole)-1:]
		}
	}
	for _, noise := range []string{"rpc error: code = ", "Unavailable: ", "Unknown: ", "Unavailable desc = ", "Unknown desc = ", "failed to list workers: ", "listing workers for Build: ",
		"connection error: desc = ", "transport: ", "Error while dialing: ", "error reading server preface: ", "error reading from server: ", "failed to solve: ", "failed to run Build function: "} {
		text = strings.ReplaceAll(text, noise, "")
	}
	text = strings.ReplaceAll(text, cacheBlob, "write --cache-to: ")
	return human.Line(text)
}

// plainly removes the command line from an error of a program: the whole script of a step, and its runner.
func plainly(text string) string {
	const begin, end = `process "`, "did not complete successfully: "
	before, rest, found := strings.Cut(text, begin)
	at := strings.LastIndex(rest, end)
	if !found || at < 0 {
		return text
	}
	return before + rest[at+len(end):]
}

// tail returns the end of a chain of messages.
func tail(text string) string {
	parts := strings.Split(text, ": ")
	return strings.Join(parts[max(0, len(parts)-3):], ": ")
}

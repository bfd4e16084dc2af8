package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	protocol "github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// Explain returns an error as one line, "push REFERENCE: …": the registry's answer, and what to do. The original text
// is not shown: it may hold upload addresses and answers of token services, which can carry credentials. The action is
// "push" when something is written. A cancelled context and an explained error are returned unchanged. The reference is
// a name.Tag, name.Digest or name.Repository.
func (c *Client) Explain(action string, reference interface{ Name() string }, err error) error {
	var done *explained
	if err == nil || errors.Is(err, context.Canceled) || errors.As(err, &done) {
		return err
	}
	repository, known := reference.(name.Repository)
	if full, ok := reference.(name.Reference); ok && !known {
		repository = full.Context()
	}
	return fmt.Errorf("%s %s: %w", action, reference.Name(), &explained{problem{c, repository, action}.text(err), err})
}

// Reason returns the text of an error alone, on one line, without action and reference. The action is as for Explain,
// or "attach" for parts of a push that may fail.
func (c *Client) Reason(action string, repository name.Repository, err error) string {
	var done *explained
	if errors.As(err, &done) {
		return done.text
	}
	return problem{c, repository, action}.text(err)
}

// explained is a line that hides the text of its error.
type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.err }

// problem is an error about a repository.
type problem struct {
	client     *Client
	repository name.Repository
	action     string // "push" and "attach" write, all others read
}

func (p problem) text(err error) string {
	host := p.repository.RegistryStr()
	var busy *patient.BusyError
	var answer *protocol.Error
	var syntax *json.SyntaxError
	why := patient.Explain(host, err)
	switch {
	case why.Kind == patient.OtherName:
		return why.Error() + ": use the name that it is for"
	case why.Kind == patient.Untrusted:
		return why.Error() + ": name the file of its authority with --registry-ca, or with SSL_CERT_FILE"
	case why.Kind == patient.Expired:
		return why.Error()
	case errors.As(err, &busy):
		return fmt.Sprintf("%s is busy and asks to come back in %s: try again then", host, busy.Wait.Round(time.Second))
	case errors.As(err, &answer):
		return p.answered(answer)
	case errors.Is(err, errPlain):
		return p.plain()
	}
	switch why.Kind {
	case patient.NoAddress:
		return why.Error() + ": check the name and the network"
	case patient.Silent:
		return p.silent(why, err)
	case patient.Refused:
		return fmt.Sprintf("no registry answers at %s (%s): check the address, and that it runs", host, why.Detail)
	case patient.Broken:
		return why.Error() + ": try again; what has arrived is not sent again"
	case patient.NoHTTP:
		return why.Error() + ": check the address"
	case patient.NoTLS:
		return p.plain()
	}
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("%s, or its token service, does not answer with JSON: check the address", host)
	case strings.Contains(err.Error(), "no token in bearer response"):
		return fmt.Sprintf("the token service of %s gives no token: tell those who run it", host)
	}
	return why.Error()
}

func (p problem) silent(why *patient.Failure, err error) string {
	switch {
	case !isSilent(err):
		return why.Error() + ": check the address and the network"
	case p.action == "attach":
		return why.Error() + " in time: push again later"
	}
	return fmt.Sprintf("%s within %s: check the address and the network, or wait longer with --registry-timeout", why, p.client.transport.patience.Silence)
}

func (p problem) plain() string {
	return p.repository.RegistryStr() + " does not speak https, and plain http is only for registries on this machine: give it a certificate, or say --insecure"
}

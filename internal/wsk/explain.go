package wsk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// maxReason is the number of characters of a reason in an error.
const maxReason = 300

// unreached returns an error for a missing answer, with advice.
func (c *Client) unreached(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%s: %s", doing, c.noAnswer(err))
}

func (c *Client) noAnswer(err error) string {
	why := patient.Explain(c.host, err)
	switch why.Kind {
	case patient.NoAddress, patient.Silent:
		return why.Error() + ": check --apihost and the network"
	case patient.Refused:
		return why.Error() + ": check --apihost, and that it runs"
	case patient.OtherName:
		return why.Error() + ": give --apihost the name that it is for, or --insecure-tls, as wsk -i"
	case patient.Untrusted:
		return why.Error() + ": name its authority in the file $SSL_CERT_FILE, or give --insecure-tls, as wsk -i"
	case patient.Expired:
		return why.Error()
	case patient.NoTLS:
		return fmt.Sprintf("%s: give --apihost http://%s if that is right", why, c.host)
	}
	return fmt.Sprintf("%s ended the connection without an answer (%s): try again", c.host, cmp.Or(why.Detail, why.Error()))
}

// refused returns an error for a refusal of the API, with advice.
func (c *Client) refused(doing string, answer answer) error {
	if answer.status >= 300 && answer.status < 400 {
		return fmt.Errorf("%s: %s answered %d: give --apihost the host that it leads to, %s", doing, c.host, answer.status, cmp.Or(hostOf(answer.header.Get("Location")), "which it does not say"))
	}
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(answer.body, &said) != nil || said.Error == "" && answer.status < 400 {
		return fmt.Errorf("%s: %s answered %d, but not as OpenWhisk does: check --apihost", doing, c.host, answer.status)
	}
	message := fmt.Sprintf("%s: %s answered %d %s", doing, c.host, answer.status, http.StatusText(answer.status))
	if said.Error != "" {
		message += " (" + strings.TrimRight(human.Excerpt(said.Error, maxReason), ".") + ")"
	}
	return errors.New(message + ": " + advise(answer.status))
}

func advise(status int) string {
	switch {
	case status == http.StatusBadRequest:
		return "it does not take such an action; check its name, limits and parameters"
	case status == http.StatusUnauthorized:
		return "check the key: --auth, $WHISK_AUTH, or AUTH in .wskprops"
	case status == http.StatusForbidden:
		return "this key may not do that; check the namespace and the limits of its owner"
	case status == http.StatusNotFound:
		return "check the namespace, and create the package first: wsk package create PACKAGE"
	case status == http.StatusConflict:
		return "something else has this name, or changes at this moment: choose another name, or try again"
	case status == http.StatusRequestEntityTooLarge:
		return "the code is larger than this OpenWhisk takes (48 MB at most): bake it into the image with mkimage build --action"
	case status == http.StatusTooManyRequests || status >= 500:
		return "try again later"
	}
	return "it does not take this request"
}

// hostOf returns scheme and host of a URL, or "".
func hostOf(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return ""
	}
	return parsed.Scheme + "://" + parsed.Host
}

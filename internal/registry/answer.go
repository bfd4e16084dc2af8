package registry

import (
	"fmt"
	"net/http"
	"strings"

	protocol "github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// answered returns the meaning of an unwanted answer, and what to do.
func (p problem) answered(answer *protocol.Error) string {
	host := p.repository.RegistryStr()
	if service := tokenService(answer, host); service != "" {
		return p.tokenServiceAnswered(service, answer)
	}
	said := fmt.Sprintf("%s answered %d %s%s", host, answer.StatusCode, http.StatusText(answer.StatusCode), codes(answer))
	switch status := answer.StatusCode; {
	case isFirst(answer) && status != http.StatusTooManyRequests && status < 500 || status < 400:
		return said + ": it is no registry of the OCI distribution API (v2); check the address"
	case isFull(answer):
		return said + ": it is full, or a quota is used up; free some space there"
	case p.action == "attach" && (status == http.StatusTooManyRequests || status >= 500):
		return said + ": push again later"
	case p.action == "attach":
		return said + ": it does not take what is attached"
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return said + ": " + p.refused(status)
	case status == http.StatusTooManyRequests || status >= 500:
		return said + ": try again later; what has arrived is not sent again"
	case p.action == "push":
		return said + ": " + p.advice(answer)
	case status == http.StatusNotFound:
		return "there is no such image at " + host
	}
	return said + ": check the reference"
}

// refused returns what to do about a refused request.
func (p problem) refused(status int) string {
	host := p.repository.RegistryStr()
	login, err := p.client.keys.find(p.repository)
	switch {
	case err != nil || login.source == "":
		text := "log in with: docker login " + host + ", or set MKIMAGE_REGISTRY_USER and MKIMAGE_REGISTRY_PASSWORD"
		if p.action != "push" {
			text = "it has no such image, or wants a login: check the name, and " + text
		}
		return text
	case status == http.StatusUnauthorized:
		return "it does not take " + login.source + ": wrong, or expired; log in again"
	case p.action == "push":
		return login.source + " may not push there: check its rights, or choose another repository"
	}
	return login.source + " may not read there, or there is no such image: check its rights, and the name"
}

func (p problem) advice(answer *protocol.Error) string {
	switch answer.StatusCode {
	case http.StatusConflict, http.StatusPreconditionFailed:
		return "the tag may not be moved there, so choose another one"
	case http.StatusNotFound:
		return "create the repository there, and check that the address is a registry's"
	case http.StatusMethodNotAllowed:
		return "it takes no uploads; choose another registry"
	case http.StatusRequestEntityTooLarge:
		return "it does not take layers of this size"
	}
	return "it does not take this image"
}

// tokenService returns the host of the token service that an answer is from, or "" for the registry itself.
func tokenService(answer *protocol.Error, host string) string {
	if answer.Request == nil || answer.Request.URL.Host == host && strings.HasPrefix(answer.Request.URL.Path, "/v2/") ||
		isData(answer.Request) {
		return ""
	}
	if !answer.Request.URL.Query().Has("scope") && !answer.Request.URL.Query().Has("service") {
		return ""
	}
	return answer.Request.URL.Host
}

func (p problem) tokenServiceAnswered(service string, answer *protocol.Error) string {
	said := fmt.Sprintf("the token service %s of %s answered %d %s", service, p.repository.RegistryStr(), answer.StatusCode, http.StatusText(answer.StatusCode))
	if answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusBadRequest {
		return said + ": " + p.refused(http.StatusUnauthorized)
	}
	return said + ": try again later"
}

// isFirst reports whether an answer is to GET /v2/, which every registry of the API can answer.
func isFirst(answer *protocol.Error) bool {
	return answer.Request != nil && answer.Request.URL.Path == "/v2/" && answer.StatusCode != http.StatusUnauthorized &&
		answer.StatusCode != http.StatusForbidden
}

// isFull reports whether a registry has no space left. There is no error code for it, so the status or the text tells.
func isFull(answer *protocol.Error) bool {
	if answer.StatusCode == http.StatusInsufficientStorage {
		return true
	}
	for _, diagnostic := range answer.Errors {
		text := strings.ToLower(fmt.Sprint(diagnostic.Code, diagnostic.Message, diagnostic.Detail))
		for _, word := range []string{"no space left", "quota", "insufficient storage", "storage limit"} {
			if strings.Contains(text, word) {
				return true
			}
		}
	}
	return false
}

// codes returns the code of an answer's error (OCI distribution-spec, "Error Codes"), if it looks like one: a registry
// may send any text.
func codes(answer *protocol.Error) string {
	if len(answer.Errors) == 0 {
		return ""
	}
	code := string(answer.Errors[0].Code)
	if code == "" || len(code) > 40 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		return ""
	}
	return " (" + code + ")"
}

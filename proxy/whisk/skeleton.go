//go:build linux

package whisk

import (
	"io"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// useBaked has runs of v0 that come before any /init go to the program that the image brings, and reports whether there
// is one.
func (s *Service) useBaked() bool {
	if s.config.protocol() != V0 {
		return false
	}
	baked := s.loader.Baked()
	if baked == nil {
		return false
	}
	s.mu.Lock()
	s.action = baked
	s.mu.Unlock()
	return true
}

// readRun takes the body of a /run apart, as its protocol does.
func (s *Service) readRun(body []byte) (runRequest, *Failure) {
	if s.config.protocol() == V0 {
		var failed *Failure
		if body, failed = skeletonBody(body); failed != nil {
			return runRequest{}, failed
		}
	}
	return splitRun(body)
}

// skeletonBody returns the body of a v0 /run as dockerskeleton takes it: a text that is no JSON, or false to Python,
// counts as {}. Of other values only objects are requests.
func skeletonBody(body []byte) ([]byte, *Failure) {
	if jsonscan.Check(body) != nil || isFalse(body) {
		return nil, nil
	}
	if jsonscan.Kind(body) != '{' {
		return nil, &Failure{Status: 404, Text: textNoArgument}
	}
	return body, nil
}

// isFalse reports whether a JSON value is one that Python takes for false: null, false, zero, or something empty.
func isFalse(raw []byte) bool {
	raw = jsonscan.Trim(raw)
	switch jsonscan.Kind(raw) {
	case 'n', 'f':
		return true
	case '"':
		return len(raw) == len(`""`)
	case '{', '[':
		return len(jsonscan.Trim(raw[1:len(raw)-1])) == 0
	case '0':
		for _, c := range raw {
			if c|0x20 == 'e' { // the exponent
				break
			}
			if '1' <= c && c <= '9' {
				return false
			}
		}
		return true
	}
	return false
}

// isMalformed reports whether a request is no JSON, or one that dockerskeleton takes for none.
func isMalformed(err error) bool {
	request, ok := err.(*requestError)
	return ok && !request.isJSON
}

// skip reads the rest of a body.
func skip(body Pieces) error {
	for {
		if _, err := body.Next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

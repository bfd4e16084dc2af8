package http1

import "bytes"

// target finds the path in a request target: origin form (/run?x), absolute form (http://host/run) or an asterisk (RFC
// 9112, section 3.2).
func (h *head) target(t []byte) error {
	for _, c := range t {
		if c <= ' ' || c == 0x7f || c == '#' {
			return bad("blank, control character or fragment in the request target")
		}
	}
	if h.method == "CONNECT" {
		return &refusal{405, "CONNECT is for proxies of another kind"}
	}
	t, err := cutAuthority(t)
	if err != nil {
		return err
	}
	if i := bytes.IndexByte(t, '?'); i >= 0 {
		t = t[:i]
	}
	if len(t) == 0 || t[0] != '/' && string(t) != "*" {
		return bad("malformed request target")
	}
	if bytes.IndexByte(t, '%') < 0 {
		h.path = intern(t)
		return nil
	}
	path := make([]byte, 0, len(t))
	for i := 0; i < len(t); i++ {
		c := t[i]
		if c == '%' {
			if i+2 >= len(t) || unhex(t[i+1]) > 15 || unhex(t[i+2]) > 15 {
				return bad("malformed escape in the request target")
			}
			c = unhex(t[i+1])<<4 | unhex(t[i+2])
			i += 2
		}
		path = append(path, c)
	}
	h.path = string(path)
	return nil
}

// cutAuthority returns the part after the scheme and host of an absolute form, and any other target as it is.
func cutAuthority(t []byte) ([]byte, error) {
	scheme, after, ok := bytes.Cut(t, []byte("://"))
	if !ok || !is(scheme, "http") && !is(scheme, "https") {
		return t, nil
	}
	i := 0
	for i < len(after) && after[i] != '/' && after[i] != '?' {
		i++
	}
	host, t := after[:i], after[i:]
	if len(host) == 0 || !isHost(host) {
		return nil, bad("malformed host in the request target")
	}
	if len(t) == 0 || t[0] == '?' {
		return []byte("/"), nil
	}
	return t, nil
}

package action

import (
	"path/filepath"
	"testing"
)

func TestSecret(t *testing.T) {
	for name, test := range map[string]struct {
		text   string
		secret bool
	}{
		".env":                     {"", true},
		"a/.env.production":        {"", true},
		".env.example":             {"", false},
		".environment":             {"", false},
		"a/.netrc":                 {"", true},
		".aws/credentials":         {"", true},
		"aws/credentials":          {"", false},
		"home/.docker/config.json": {"{}", true},
		"config.json":              {"{}", false},
		"ID_RSA":                   {"", true},
		"id_rsa.pub":               {"ssh-rsa AAAA", false},
		".npmrc":                   {"//registry.example.org/:_authToken=abc\n", true},
		"a/.npmrc":                 {"registry=https://example.org\n//x/:_authToken=${TOKEN}\n", false},
		".pypirc":                  {"", true},
		"tls.key":                  {"-----BEGIN EC PRIVATE KEY-----\r\nMHc\n", true},
		"any":                      {"# a key\n-----BEGIN PRIVATE KEY-----\nMII\n", true},
		"openssh":                  {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n", true},
		"gpg":                      {"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n", true},
		"tls.crt":                  {"-----BEGIN CERTIFICATE-----\nMII\n", false},
		"ssh.py":                   {`_START = b"-----BEGIN OPENSSH PRIVATE KEY-----"`, false},
		"account.json":             {`{"type": "service_account", "private_key": "x"}`, true},
		"package.json":             {`{"type": "module"}`, false},
		"store.p12":                {"", true},
		"main.py":                  {"def main(args): return args\n", false},
	} {
		if got := secret(name, func() []byte { return []byte(test.text) }); (got != "") != test.secret {
			t.Errorf("%s looks like %q", name, got)
		}
	}
}

func TestAllowedSecrets(t *testing.T) {
	known, dir := shipped(t), t.TempDir()
	write(t, dir, map[string]string{"main.sh": "main() { :; }", "conf/.env": "A=1"})
	for allowed, want := range map[string]bool{
		"conf/.env": true, "./conf/.env": true, ".env": true, filepath.Join(dir, "conf/.env"): true, "conf": false, "env": false, "other/.env": false, "": false,
	} {
		_, err := bakeAt(t, dir, withStemcells(t, known, "bash"), Options{AllowSecrets: []string{allowed}})
		if (err == nil) != want {
			t.Errorf("%q: %v", allowed, err)
		}
	}
}

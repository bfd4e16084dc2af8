package action

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// Everybody who may pull an image can read its files, so a file that looks like a secret stops a build until somebody
// decides about it.

// mostSecret is the number of bytes that are searched at the start of a file. Keys and logins are small.
const mostSecret = 64 << 10

var (
	secretNames  = []string{".env", ".netrc", "_netrc", ".pgpass", ".pypirc", ".git-credentials", ".htpasswd", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".wskprops"}
	secretPaths  = []string{".aws/credentials", ".docker/config.json", ".kube/config", ".azure/accesstokens.json", "gcloud/application_default_credentials.json", ".gem/credentials"}
	secretEnds   = []string{".p12", ".pfx", ".kdbx", ".ppk"}
	harmlessEnds = []string{".example", ".sample", ".template", ".dist", ".defaults"} // of .env
	privateKey   = regexp.MustCompile(`(?m)^-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----\r?$`)
	npmToken     = regexp.MustCompile(`(?m)^[^#;\n]*(_authToken|_auth|_password)\s*=\s*[^\s$]`)
)

// secret returns the kind of secret that a file looks like, or "" for none. Names have slashes.
func secret(name string, read func() []byte) string {
	lower := strings.ToLower(name)
	base := path.Base(lower)
	switch {
	case slices.Contains(secretNames, base):
		return "a file of secrets by its name"
	case strings.HasPrefix(base, ".env.") && !slices.Contains(harmlessEnds, path.Ext(base)):
		return "a file of secrets by its name"
	case slices.ContainsFunc(secretPaths, func(end string) bool { return strings.HasSuffix("/"+lower, "/"+end) }):
		return "a login by its name"
	case slices.Contains(secretEnds, path.Ext(base)):
		return "a store of keys by its name"
	}
	text := read()
	switch {
	case privateKey.Match(text):
		return "a private key"
	case base == ".npmrc" && npmToken.Match(text):
		return "a login of npm"
	case path.Ext(base) == ".json" && isServiceAccount(text):
		return "the key of a service account"
	}
	return ""
}

func isServiceAccount(text []byte) bool {
	var account struct {
		Type       string `json:"type"`
		PrivateKey string `json:"private_key"`
		Refresh    string `json:"refresh_token"`
	}
	return json.Unmarshal(text, &account) == nil && (account.Type == "service_account" && account.PrivateKey != "" || account.Type == "authorized_user" && account.Refresh != "")
}

// checkSecrets refuses files of the action that look like secrets and are not allowed.
func (u *upload) checkSecrets(allowed func(name string) bool) error {
	var found []string
	for _, name := range u.names() {
		n := u.own[name]
		below, inside := strings.CutPrefix(name, uploadDir+"/")
		if !inside || n.kind() != code.Regular || allowed(below) {
			continue
		}
		if what := secret(below, func() []byte { return u.beginning(n, mostSecret) }); what != "" {
			found = append(found, show(below)+" looks like "+what)
		}
	}
	if len(found) == 0 {
		return nil
	}
	const most = 5
	if more := len(found) - most; more > 0 {
		found = append(found[:most], fmt.Sprintf("%d more do", more))
	}
	return fmt.Errorf("%s, and would be there for others to read: name it in %s, or allow it with --allow-secret-file NAME", strings.Join(found, ", "), ignoreFile)
}

// beginning returns the first bytes of a file of the action.
func (u *upload) beginning(n node, most int64) []byte {
	opened, err := n.open()
	if err != nil {
		u.err = err
		return nil
	}
	defer opened.Close()
	text, err := io.ReadAll(io.LimitReader(opened, most))
	if err != nil && u.err == nil {
		u.err = err
	}
	return text
}

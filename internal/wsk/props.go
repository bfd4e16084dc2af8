package wsk

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// Settings are the address of an OpenWhisk and the key to it, as wsk finds them.
type Settings struct {
	APIHost string // such as "openwhisk.example.org" or "http://127.0.0.1:3233"
	Auth    string // ID:KEY
}

// Find returns the settings: those of flags, else of the environment ($WHISK_APIHOST, $WHISK_AUTH), else of the
// properties ($WSK_CONFIG_FILE, or .wskprops in the home folder). The error for a missing one names these places.
func Find(given Settings, getenv func(string) string) (Settings, error) {
	found := given
	path := getenv("WSK_CONFIG_FILE")
	if path == "" {
		path = filepath.Join(cmp.Or(getenv("HOME"), getenv("USERPROFILE")), ".wskprops")
	}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Settings{}, fmt.Errorf("read %s: %w", path, human.Reason(err))
	}
	properties := parseProperties(content)
	for _, setting := range []struct {
		value                     *string
		what, flag, variable, key string
	}{
		{&found.APIHost, "API host", "--apihost", "WHISK_APIHOST", "APIHOST"},
		{&found.Auth, "key", "--auth", "WHISK_AUTH", "AUTH"},
	} {
		if *setting.value == "" {
			*setting.value = getenv(setting.variable)
		}
		if *setting.value == "" {
			*setting.value = properties[setting.key]
		}
		if *setting.value == "" {
			return Settings{}, fmt.Errorf("no %s of an OpenWhisk: give %s, set $%s, or put %s= into %s", setting.what, setting.flag, setting.variable, setting.key, path)
		}
	}
	return found, nil
}

// parseProperties reads lines KEY=VALUE. A # begins a comment, and other lines are ignored.
func parseProperties(content []byte) map[string]string {
	properties := map[string]string{}
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		if key, value, ok := strings.Cut(line, "="); ok {
			properties[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return properties
}

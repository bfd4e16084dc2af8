//go:build linux

package settings_test

import (
	"os"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/settings"
)

func port(want int) func(settings.Settings) bool {
	return func(s settings.Settings) bool { return s.Port == want }
}

func folder(want string) func(settings.Settings) bool {
	return func(s settings.Settings) bool { return s.Whisk.ActionDir == want }
}

func TestRead(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		env  []string
		good func(settings.Settings) bool
	}{
		"nothing": {nil, func(s settings.Settings) bool {
			return s.Port == 8080 && s.MaxBody == 64<<20 && s.Whisk.Grace == 8*clock.Second && s.Whisk.Handshake && !s.Whisk.Concurrent
		}},
		"a port":         {[]string{"PORT=9000", "OW_PORT=9001"}, port(9001)},
		"PORT":           {[]string{"PORT=9000"}, port(8080)},
		"PORT in v0":     {[]string{"PORT=9000", "OW_PROTOCOL=v0"}, port(8080)},
		"skeleton's":     {[]string{"PORT=9000", "FLASK_PROXY_PORT=9001", "OW_PROTOCOL=v0"}, port(9001)},
		"ours before it": {[]string{"OW_PORT=9000", "FLASK_PROXY_PORT=9001", "OW_PROTOCOL=v0"}, port(9000)},
		"not in v1":      {[]string{"FLASK_PROXY_PORT=9001", "OW_PROTOCOL=v1"}, port(8080)},
		"not in auto":    {[]string{"FLASK_PROXY_PORT=nonsense"}, port(8080)},
		"no folder":      {nil, folder(here + "/action")},
		"no folder, v0":  {[]string{"OW_PROTOCOL=v0"}, folder("/action")},
		"no folder, AL":  {[]string{"OW_PROTOCOL=actionloop"}, folder(here + "/action")},
		"a folder":       {[]string{"OW_ACTION_DIR=/x/y"}, folder("/x/y")},
		"a folder in v0": {[]string{"OW_ACTION_DIR=/x/y", "OW_PROTOCOL=v0"}, folder("/x/y")},
		"no limit":       {nil, func(s settings.Settings) bool { return s.Whisk.InitTimeout < 0 }},
		"a duration":     {[]string{"OW_INIT_TIMEOUT=1m30s"}, func(s settings.Settings) bool { return s.Whisk.InitTimeout == 90*clock.Second }},
		"a size":         {[]string{"OW_MAX_BODY=2MiB"}, func(s settings.Settings) bool { return s.MaxBody == 2<<20 }},
		"true":           {[]string{"__OW_ALLOW_CONCURRENT=true"}, func(s settings.Settings) bool { return s.Whisk.Concurrent }},
		"True":           {[]string{"__OW_ALLOW_CONCURRENT=True"}, func(s settings.Settings) bool { return s.Whisk.Concurrent }},
		"what is not":    {[]string{"__OW_ALLOW_CONCURRENT=4rue"}, func(s settings.Settings) bool { return !s.Whisk.Concurrent }},
		"workers":        {[]string{"OW_WORKERS=64", "__OW_ALLOW_CONCURRENT=true"}, func(s settings.Settings) bool { return s.Whisk.Workers == 64 }},
		"1 for a switch": {[]string{"PROXY_ALLOW_REINIT=1"}, func(s settings.Settings) bool { return s.Whisk.Reinit }},
		"an empty value": {[]string{"OW_SHUTDOWN_GRACE="}, func(s settings.Settings) bool { return s.Whisk.Grace == 8*clock.Second }},
	} {
		t.Run(name, func(t *testing.T) {
			if s, err := settings.Read(test.env); err != nil || !test.good(s) {
				t.Errorf("got %+v, %v", s, err)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	for env, want := range map[string]string{
		"OW_PORT=70000":         `OW_PORT="70000": want a port, 0 to 65535`,
		"OW_SHUTDOWN_GRACE=8":   `OW_SHUTDOWN_GRACE="8": want a duration such as 8s or 500ms`,
		"OW_SHUTDOWN_GRACE=-8s": `OW_SHUTDOWN_GRACE="-8s": want a duration such as 8s or 500ms`,
		"OW_MAX_CODE=64MB":      `OW_MAX_CODE="64MB": want a number of bytes such as 67108864 or 64MiB`,
		"OW_HANDSHAKE=no":       `OW_HANDSHAKE="no": want on or off`,
		"OW_WORKERS=0":          `OW_WORKERS="0": want a number from 1 to 64`,
		"OW_WORKERS=-1":         `OW_WORKERS="-1": want a number from 1 to 64`,
		"OW_WORKERS=1000":       `OW_WORKERS="1000": want a number from 1 to 64`,
		"OW_WORKERS=two":        `OW_WORKERS="two": want a number from 1 to 64`,
		"OW_STEMCELL=perl":      `OW_STEMCELL="perl": want none, for this image has no stemcell`,
		"OW_ACTION_DIR=action":  `OW_ACTION_DIR="action": want an absolute path`,
	} {
		if _, err := settings.Read([]string{env}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", env, err, want)
		}
	}
}

func TestStemcell(t *testing.T) {
	const launchers = "OW_LAUNCHER=/usr/lib/bash/launcher:/usr/lib/ruby/launcher"
	if got, err := settings.Read([]string{launchers, "OW_STEMCELL=ruby"}); err != nil || len(got.Whisk.Launchers) != 1 || got.Whisk.Launchers[0].Name != "ruby" {
		t.Errorf("got %v, %v", got.Whisk.Launchers, err)
	}
	const want = `OW_STEMCELL="perl": want bash or ruby`
	if _, err := settings.Read([]string{launchers, "OW_STEMCELL=perl"}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestReadAtTheRoot(t *testing.T) {
	t.Chdir("/")
	if s, err := settings.Read(nil); err != nil || s.Whisk.ActionDir != "/action" {
		t.Errorf("got %q, %v", s.Whisk.ActionDir, err)
	}
}

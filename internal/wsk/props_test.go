package wsk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	home := t.TempDir()
	for name, content := range map[string]string{
		".wskprops": "# of the home folder\nAPIHOST=home.example\nAUTH=home:key # the old one\nNAMESPACE=x\nnonsense\n",
		"other":     " APIHOST = other.example\n",
	} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name        string
		given       Settings
		environment map[string]string
		want        Settings
		mistake     string
	}{
		{name: "home", want: Settings{"home.example", "home:key"}},
		{name: "environment first", environment: map[string]string{"WHISK_APIHOST": "env.example", "WHISK_AUTH": "env:key"}, want: Settings{"env.example", "env:key"}},
		{name: "what is given first of all", given: Settings{"given.example", "given:key"}, environment: map[string]string{"WHISK_APIHOST": "env.example"}, want: Settings{"given.example", "given:key"}},
		{name: "another file", given: Settings{Auth: "given:key"}, environment: map[string]string{"WSK_CONFIG_FILE": filepath.Join(home, "other")}, want: Settings{"other.example", "given:key"}},
		{name: "no key", environment: map[string]string{"WSK_CONFIG_FILE": filepath.Join(home, "other")}, mistake: "no key of an OpenWhisk: give --auth, set $WHISK_AUTH, or put AUTH= into "},
		{name: "nothing", environment: map[string]string{"HOME": filepath.Join(home, "none")}, mistake: "no API host of an OpenWhisk: give --apihost, set $WHISK_APIHOST, or put APIHOST= into "},
		{name: "a folder", environment: map[string]string{"WSK_CONFIG_FILE": home}, mistake: "is a directory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Find(test.given, func(name string) string {
				if value, ok := test.environment[name]; ok || name != "HOME" {
					return value
				}
				return home
			})
			if test.mistake != "" {
				if err == nil || !strings.Contains(err.Error(), test.mistake) {
					t.Errorf("got %v, want %s", err, test.mistake)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func FuzzProperties(f *testing.F) {
	f.Add([]byte("APIHOST=a\nAUTH=b:c # d\n\n=\r\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		for key, value := range parseProperties(content) {
			if strings.ContainsAny(key+value, "\n#") || strings.Contains(key, "=") || strings.TrimSpace(value) != value {
				t.Errorf("%q gives %q=%q", content, key, value)
			}
		}
	})
}

package ci_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTagsOfBranches holds that the push of any branch or tag of git gets a valid tag, and that a changed name is
// reported.
func TestTagsOfBranches(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash")
	}
	var action workflow
	readYAML(t, "../action.yml", &action)
	scripts := map[string]string{}
	for _, each := range action.Runs.Steps {
		if strings.Contains(each.Run, "--push") {
			scripts["action.yml"] = each.Run
		}
	}
	pipeline, err := filepath.Abs("pipeline")
	if err != nil {
		t.Fatal(err)
	}
	scripts["ci/pipeline"] = "bash " + pipeline + " publish"
	long := strings.Repeat("x", 130)
	tests := []struct{ name, tag string }{
		{"main", "main"}, {"v1.2.3", "v1.2.3"}, {"v1.2.3+4", "v1.2.3-4"}, {"dependabot/npm_and_yarn/@types/node", "dependabot-npm_and_yarn--types-node"},
		{"fix#12", "fix-12"}, {"feature/X", "feature-X"}, {".hidden", "hidden"}, {"-x", "x"}, {"/-.x", "x"}, {"über", "ber"}, {long, long[:128]}, {"a*", "a-"},
		{"content-0123456789ab", "ref-content-0123456789ab"}, {"a:b", "a-b"}, {"+", ""}, {"$(id)", "id-"},
	}
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range map[string]string{"mkimage": "#!/bin/sh\ncase \"$*\" in *--push*) printf '%s\\n' \"$@\" >>" + dir + "/asked;; esac\n", "ab": ""} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o777); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Mkdir(filepath.Join(dir, "dist"), 0o777); err != nil {
				t.Fatal(err)
			}
			var names, want []string
			for _, test := range tests {
				names = append(names, test.name)
				if test.tag != "" {
					want = append(want, test.tag)
				}
			}
			command := exec.Command("bash", "-e", "-o", "pipefail", "-c", script)
			command.Dir = dir
			command.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "TAGS="+strings.Join(names, " "), "IMAGES=one", "REPO=r.example/X", "GITHUB_OUTPUT=/dev/null")
			said, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			asked, err := os.ReadFile(filepath.Join(dir, "asked"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			words := strings.Fields(string(asked))
			for i, word := range words {
				if word == "--tag" {
					got = append(got, words[i+1])
				}
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			for _, test := range tests {
				if told := strings.Contains(string(said), test.name+" cannot be a tag of an image: "); told != (test.name != test.tag) {
					t.Errorf("%s: told: %t\n%s", test.name, told, said)
				}
			}
		})
	}
}

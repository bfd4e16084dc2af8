package git

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// repository makes one in a temporary folder and enters it.
func repository(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	t.Chdir(t.TempDir())
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_SYSTEM": os.DevNull,
		"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
	} {
		t.Setenv(name, value)
	}
	git(t, "init", "-q", "-b", "main")
}

func git(t *testing.T, args ...string) string {
	t.Helper()
	text, err := exec.Command("git", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, text)
	}
	return strings.TrimSpace(string(text))
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func commit(t *testing.T) {
	t.Helper()
	git(t, "add", "-A")
	git(t, "commit", "-qm", "x")
}

func since(t *testing.T, revision string) Base {
	t.Helper()
	base, err := Since(t.Context(), revision)
	if err != nil {
		t.Fatal(err)
	}
	return base
}

func changed(t *testing.T, base Base) []string {
	t.Helper()
	files, err := base.Changed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	return files
}

func TestChange(t *testing.T) {
	repository(t)
	for _, name := range []string{"kept", "gone", "moved", "edited", "images/a b.yaml", ".gitignore"} {
		write(t, name, name+"\n")
	}
	write(t, ".gitignore", "dist\n")
	commit(t)
	git(t, "switch", "-qc", "feature")
	git(t, "mv", "moved", "images/moved")
	git(t, "rm", "-q", "gone")
	write(t, "images/a b.yaml", "other\n")
	commit(t)
	git(t, "switch", "-q", "main") // it goes on meanwhile, which is no change of the feature
	write(t, "of-main", "x")
	commit(t)
	git(t, "switch", "-q", "feature")
	write(t, "edited", "not committed")
	write(t, "new ☃", "not known to git")
	write(t, "dist/ignored", "x")

	want := []string{"edited", "gone", "images/a b.yaml", "images/moved", "moved", "new ☃"}
	if diff := cmp.Diff(want, changed(t, since(t, "main"))); diff != "" {
		t.Error(diff)
	}
	t.Chdir("images")
	base := since(t, "main")
	want = []string{"../edited", "../gone", "../moved", "../new ☃", "a b.yaml", "moved"}
	if diff := cmp.Diff(want, changed(t, base)); diff != "" {
		t.Error(diff)
	}
	for file, want := range map[string]string{"a b.yaml": "images/a b.yaml\n", "../kept": "kept\n", "moved": "", "../of-main": "", "none/at/all": ""} {
		if got, err := base.File(t.Context(), file); err != nil || string(got) != want || (got == nil) != (want == "") {
			t.Errorf("%s: got %q, %v", file, got, err)
		}
	}
}

func TestBaseThatIsNotThere(t *testing.T) {
	repository(t)
	write(t, "a", "a")
	commit(t)
	for _, revision := range []string{strings.Repeat("0", 40), strings.Repeat("12", 32)} {
		base := since(t, revision)
		if base.Known() {
			t.Errorf("%s is known", revision)
		}
		if content, err := base.File(t.Context(), "a"); content != nil || err != nil {
			t.Errorf("got %q, %v", content, err)
		}
	}
	for _, revision := range []string{"none", "", "--all", "HEAD~3"} {
		if _, err := Since(t.Context(), revision); err == nil || !strings.Contains(err.Error(), "git knows no revision") {
			t.Errorf("%q: got %v", revision, err)
		}
	}
	git(t, "switch", "-q", "--orphan", "other")
	write(t, "b", "b")
	commit(t)
	if _, err := Since(t.Context(), "main"); err == nil || !strings.Contains(err.Error(), "no commit in common with main: fetch the history") {
		t.Errorf("got %v", err)
	}
	t.Chdir(t.TempDir())
	if _, err := Since(t.Context(), "main"); err == nil || !strings.HasPrefix(err.Error(), "git rev-parse: not a git repository") {
		t.Errorf("got %v", err)
	}
}

// TestForeignOwner: git's own advice is passed on. git knows the variable for tests of its own.
func TestForeignOwner(t *testing.T) {
	repository(t)
	write(t, "a", "a")
	commit(t)
	t.Setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
	_, err := Since(t.Context(), "main")
	if err == nil {
		t.Skip("this git trusts every owner")
	}
	for _, want := range []string{"git rev-parse: detected dubious ownership in repository at", "git config --global --add safe.directory"} {
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}

func TestReason(t *testing.T) {
	for said, want := range map[string]string{
		"fatal: not a git repository: '.git'\n":                            "not a git repository: '.git'",
		"warning: unable to access 'x'\nfatal: bad revision\nhint: more\n": "bad revision",
		"error: something\nmore\n":                                         "error: something",
		"":                                                                 "",
		"fatal: dubious\nTo add, call:\n\n\tgit config --add safe.directory /a\n": "dubious: To add, call: git config --add safe.directory /a",
	} {
		if got := reason(said); got != want {
			t.Errorf("%q: got %q, want %q", said, got, want)
		}
	}
}

// TestVersions holds the history of a file: the content after each commit, the oldest first, and that a commit removed
// it.
func TestVersions(t *testing.T) {
	repository(t)
	if _, _, err := Versions(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "no commit in this repository yet") {
		t.Errorf("got %v", err)
	}
	for _, text := range []string{"one\n", "two", ""} {
		write(t, "dir/a b", text)
		if text == "" {
			git(t, "rm", "-qf", "dir/a b")
		}
		write(t, "other", text)
		commit(t)
	}
	write(t, "dir/a b", "three")
	commit(t)
	t.Chdir("dir")
	versions, shallow, err := Versions(t.Context(), "a b")
	if err != nil || shallow {
		t.Fatal(err, shallow)
	}
	var texts []string
	for _, v := range versions {
		texts = append(texts, string(v.Text))
		if len(v.Commit) < 40 || v.Subject != "x" || len(v.Date) != len("2006-01-02") {
			t.Errorf("%+v", v)
		}
	}
	if diff := cmp.Diff([]string{"one\n", "two", "", "three"}, texts); diff != "" {
		t.Error(diff)
	}
	if none, _, err := Versions(t.Context(), "none"); len(none) > 0 || err != nil {
		t.Error(none, err)
	}
	t.Chdir("..")
	git(t, "clone", "-q", "--depth=1", "file://"+working(t), "copy")
	t.Chdir("copy")
	if few, shallow, err := Versions(t.Context(), "dir/a b"); len(few) != 1 || !shallow || err != nil {
		t.Error(few, shallow, err)
	}
}

func working(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestFileURL holds that folders of Windows have an address.
func TestFileURL(t *testing.T) {
	for path, want := range map[string]string{"/srv/a": "file:///srv/a", "C:/srv/a": "file:///C:/srv/a", "//host/share": "file://host/share"} {
		if got := fileURL(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

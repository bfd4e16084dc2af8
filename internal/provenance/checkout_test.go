package provenance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestPublic(t *testing.T) {
	for _, test := range []struct{ remote, want string }{
		{"https://github.com/me/actions.git", "git+https://github.com/me/actions.git"},
		{"https://me:secret@example.org:8443/actions", "git+https://example.org:8443/actions"},
		{"https://ghp_secret@github.com/me/actions", "git+https://github.com/me/actions"},
		{"https://example.org/actions?private_token=secret#x", "git+https://example.org/actions"},
		{"http://example.org/actions", "git+http://example.org/actions"},
		{"ssh://me@example.org/actions", "git+ssh://example.org/actions"},
		{"git@github.com:me/actions.git", "git+ssh://github.com/me/actions.git"},
		{"example.org:/srv/actions", "git+ssh://example.org/srv/actions"},
		{"git://example.org/actions", "git://example.org/actions"},
		{"git+ssh://me@example.org/actions", "git+ssh://example.org/actions"},
		{"file:///home/me/actions", ""},
		{"/home/me/actions", ""},
		{"../actions", ""},
		{"./a:b", ""},
		{`C:\actions`, ""},
		{"C:/actions", ""},
		{"https://%zz", ""},
		{"https:///actions", ""},
		{"ext::sh -c secret", ""},
		{"", ""},
	} {
		t.Run(test.remote, func(t *testing.T) {
			if got := public(test.remote); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzPublic(f *testing.F) {
	for _, remote := range []string{"https://me:secret@example.org/a", "git@github.com:me/a.git", "/home/me", "C:\\a", "ssh://[::1]:22/a", "a@b@c:d"} {
		f.Add(remote)
	}
	f.Fuzz(func(t *testing.T, remote string) {
		clean := public(remote)
		if host, _, ok := strings.Cut(strings.TrimPrefix(clean, "git+"), "://"); ok && host == "" || strings.Contains(clean, "?") {
			t.Errorf("%q gives %q", remote, clean)
		}
		if _, rest, ok := strings.Cut(clean, "://"); ok {
			if host, _, _ := strings.Cut(rest, "/"); strings.Contains(host, "@") {
				t.Errorf("%q gives %q, which names a user", remote, clean)
			}
		}
	})
}

// repository makes a git repository with a commit that has images/bash.yaml, and returns its folder.
func repository(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	dir := t.TempDir()
	for name, value := range map[string]string{"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1"} {
		t.Setenv(name, value)
	}
	write(t, filepath.Join(dir, "images", "bash.yaml"), "name: bash\n")
	run(t, dir, "init", "--quiet")
	run(t, dir, "add", ".")
	commit(t, dir, "One")
	return dir
}

func commit(t *testing.T, dir, message string) {
	t.Helper()
	run(t, dir, "-c", "user.name=Jo", "-c", "user.email=jo@example.org", "commit", "--quiet", "--allow-empty", "-m", message)
}

func run(t *testing.T, dir string, args ...string) {
	t.Helper()
	if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	dir := repository(t)
	inside := filepath.Join(dir, "images")
	found := Find(t.Context(), inside)
	if len(found.Commit) != 40 || found.Modified || found.Repository != "" {
		t.Errorf("got %+v", found)
	}
	if got := found.Name(filepath.Join(inside, "bash.yaml")); got != "images/bash.yaml" {
		t.Errorf("the definition is called %s", got)
	}
	if got := found.Name(filepath.Join(t.TempDir(), "elsewhere.yaml")); got != "elsewhere.yaml" {
		t.Errorf("a file outside is called %s", got)
	}

	run(t, dir, "remote", "add", "origin", "https://me:secret@example.org/actions")
	write(t, filepath.Join(dir, "dist", "left"), "by a build")
	found = Find(t.Context(), inside)
	if found.Repository != "git+https://example.org/actions" || found.Modified {
		t.Errorf("got %+v", found)
	}
	write(t, filepath.Join(inside, "new.yaml"), "name: new\n")
	if !Find(t.Context(), inside).Modified {
		t.Error("a file that is not in the commit is not noticed")
	}
	run(t, dir, "add", ".")
	commit(t, dir, "Two")
	write(t, filepath.Join(dir, "dist", "left"), "changed")
	if !Find(t.Context(), inside).Modified {
		t.Error("a change elsewhere is not noticed")
	}
}

func TestFindWithoutACheckout(t *testing.T) {
	t.Run("no repository", func(t *testing.T) {
		dir := t.TempDir()
		t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(dir))
		if found := Find(t.Context(), dir); found != (Checkout{}) {
			t.Errorf("got %+v", found)
		}
	})
	t.Run("no git", func(t *testing.T) {
		dir := repository(t)
		t.Setenv("PATH", "")
		found := Find(t.Context(), dir)
		if found.Commit != "" {
			t.Errorf("got %+v", found)
		}
		if got := found.Name(filepath.Join(dir, "images", "bash.yaml")); got != "bash.yaml" {
			t.Errorf("the definition is called %s", got)
		}
	})
	t.Run("no commit", func(t *testing.T) {
		repository(t)
		dir := t.TempDir()
		run(t, dir, "init", "--quiet")
		if found := Find(t.Context(), dir); found.Commit != "" {
			t.Errorf("got %+v", found)
		}
	})
}

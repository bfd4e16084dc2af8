package images

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func lock() Lock {
	pin := func(name, layer string) Pin {
		return Pin{Name: name, Version: "1.2.3-r0", Layer: layer, Repository: "main", Size: 12,
			Checksum: "Q1" + strings.Repeat("A", 27) + "=", SHA256: strings.Repeat("0", 64), Signer: "a.rsa.pub"}
	}
	return Lock{
		Schema: lockSchema, Release: "v3.22",
		Layers:    []Wanted{{"base", []string{"musl"}}, {"stemcell-bash", []string{"bash", "jq"}}},
		Platforms: map[Platform][]Pin{LinuxAMD64: {pin("musl", "base"), pin("bash", "stemcell-bash")}},
	}
}

func TestLockRoundTrip(t *testing.T) {
	text, err := lock().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x.lock.json")
	write(t, file, string(text))
	want := lock()
	want.Text = text
	got, err := ReadLock(file)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := ReadLock(file + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no lock: got %v", err)
	}
	if got := (Definition{File: "images/bash.yaml"}).LockFile(); got != "images/bash.lock.json" {
		t.Errorf("the lock of images/bash.yaml is at %s", got)
	}
}

func TestParseLockRefuses(t *testing.T) {
	good, err := lock().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ old, new, want string }{
		"another schema":       {`"schema": 1`, `"schema": 2`, "schema 2"},
		"unknown field":        {`"schema": 1`, `"schema": 1, "more": 1`, "more"},
		"no release":           {`"v3.22"`, `"edge/.."`, "not an Alpine release"},
		"unknown platform":     {`"linux/amd64"`, `"linux/mips"`, "mips"},
		"a name with a path":   {`"name": "bash"`, `"name": "../bash"`, "not the name of a package"},
		"a version with a dir": {`"1.2.3-r0"`, `"1/../2"`, "not a version"},
		"another repository":   {`"repository": "main"`, `"repository": "testing"`, "not a repository"},
		"a short checksum":     {`"Q1AAA`, `"Q1`, "not a checksum"},
		"no SHA-256":           {strings.Repeat("0", 64), "", "not a SHA-256"},
		"no size":              {`"size": 12`, `"size": 0`, "0 bytes"},
		"more text":            {"\n}\n", "\n}\n{}", "follows"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(string(good), test.old, test.new, 1)
			if _, err := ParseLock([]byte(text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestLockFits(t *testing.T) {
	layers := lock().Layers
	for name, test := range map[string]struct {
		release  string
		wanted   []Wanted
		platform Platform
		want     string
	}{
		"the same":         {"v3.22", layers, LinuxAMD64, ""},
		"another release":  {"v3.23", layers, LinuxAMD64, "Alpine v3.22"},
		"another platform": {"v3.22", layers, LinuxARM64, "linux/arm64"},
		"one layer less":   {"v3.22", layers[:1], LinuxAMD64, "2 layers"},
		"another layer":    {"v3.22", []Wanted{layers[0], {"stemcell-ruby", nil}}, LinuxAMD64, "no layer stemcell-ruby"},
		"another package":  {"v3.22", []Wanted{layers[0], {"stemcell-bash", []string{"bash"}}}, LinuxAMD64, "wants bash, the lock is for bash jq"},
	} {
		t.Run(name, func(t *testing.T) {
			err := lock().Fits(test.release, test.wanted, test.platform)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestLockChanges(t *testing.T) {
	now := lock()
	now.Platforms[LinuxAMD64][0].Version = "1.2.4-r0"
	now.Platforms[LinuxAMD64][1].Name = "jq"
	want := []string{"bash 1.2.3-r0 is gone (linux/amd64)", "jq 1.2.3-r0 is new (linux/amd64)", "musl 1.2.3-r0 -> 1.2.4-r0 (linux/amd64)"}
	if diff := cmp.Diff(want, now.Changes(lock())); diff != "" {
		t.Error(diff)
	}
	if got := now.Changes(now); got != nil {
		t.Errorf("nothing changed: got %v", got)
	}
}

func FuzzParseLock(f *testing.F) {
	good, _ := lock().Marshal()
	f.Add(good)
	f.Fuzz(func(t *testing.T, text []byte) {
		parsed, err := ParseLock(text)
		if err != nil {
			return
		}
		for _, pins := range parsed.Platforms {
			for _, pin := range pins {
				if strings.ContainsAny(pin.Name+pin.Version+pin.Repository, "/\\") {
					t.Errorf("%v leads elsewhere", pin)
				}
			}
		}
	})
}

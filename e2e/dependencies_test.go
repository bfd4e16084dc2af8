package e2e

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pythonFunction and rubyFunction need a package of the name greeter.
const (
	pythonFunction = "import greeter\ndef main(args): return {'greeting': greeter.greet(args['name'])}\n"
	rubyFunction   = "gem 'greeter'\nrequire 'greeter'\ndef main(args) = { greeting: Greeter.greet(args['name']) }\n"
	pythonPackage  = "def greet(name): return 'Hello, ' + name\n"
	rubyPackage    = "module Greeter\n  def self.greet(name) = \"Hello, #{name}\"\nend\n"
)

// TestDependencies bakes functions with packages that lie in their folder, or that a step of the image installs from
// files beside its definition, without any network. The commands are those of docs/stemcells.md.
func TestDependencies(t *testing.T) {
	t.Parallel()
	needEngine(t)
	needPackagesForAMD64(t)
	for _, test := range []struct {
		name, stemcell, run string
		files               map[string]string
		changed             string // a file that a step is given
	}{
		{"Ruby gems in vendor", "ruby", "", map[string]string{
			"function/main.rb": strings.TrimPrefix(rubyFunction, "gem 'greeter'\n"), "function/vendor/bundle/ruby/3.1.0/gems/greeter-1.0.0/lib/greeter.rb": rubyPackage,
			"function/vendor/bundle/ruby/3.1.0/specifications/greeter-1.0.0.gemspec": "Gem::Specification.new { |s| s.name = 'greeter'; s.version = '1.0.0'; s.require_paths = ['lib'] }\n",
		}, ""},
		{"Python packages in virtualenv", "python", "", map[string]string{
			"function/main.py": pythonFunction, "function/virtualenv/lib/python3.11/site-packages/greeter.py": pythonPackage,
		}, ""},
		{"pip install", "python", `
  - script: |
      pip=$(echo /usr/lib/python3*/ensurepip/_bundled/pip-*.whl)/pip
      PIP_BREAK_SYSTEM_PACKAGES=1 python3 "$pip" install --no-index --find-links /run/files/wheels -r /run/files/function/requirements.txt
    files: [function/requirements.txt, wheels/]
    packages: [python3]
`, map[string]string{
			"function/main.py": pythonFunction, "function/requirements.txt": "greeter == 1.0\n", "wheels/greeter-1.0-py3-none-any.whl": wheel(t, pythonPackage),
		}, "wheels/greeter-1.0-py3-none-any.whl"},
		{"bundle install", "ruby", `
  - script: |
      cp -r /run/files /tmp/app
      cd /tmp/app
      bundle install --local
    files: [Gemfile, vendor/cache]
    packages: [ruby]
`, map[string]string{
			"function/main.rb": rubyFunction, "Gemfile": "source 'https://rubygems.org'\ngem 'greeter', '1.0.0'\n", "vendor/cache/greeter-1.0.0.gem": gemFile(t, rubyPackage),
		}, "vendor/cache/greeter-1.0.0.gem"},
	} {
		t.Run(test.name, func(t *testing.T) {
			flags := []string{}
			definition := "name: app\nbase: alpine\nalpine: v3.22\nstemcells: [" + test.stemcell + "]\nplatforms: [linux/amd64]\naction: function\n"
			if test.run != "" {
				_, socket := needBuilder(t)
				flags = []string{"--builder", "unix://" + socket}
				definition += "run:" + test.run
			}
			dir := t.TempDir()
			test.files["app.yaml"] = definition
			for name, text := range test.files {
				put(t, dir, name, text)
			}
			name, archive := imageName(t), filepath.Join(t.TempDir(), "app.tar")
			build := func() string {
				got, _ := mkimage(t, append([]string{"build", filepath.Join(dir, "app.yaml"), "-o", "type=docker,dest=" + archive + ",ref=" + name}, flags...)...)
				return got
			}
			first := build()
			docker(t, "load", "-i", archive)
			i, _ := start(t, name, frugal[:len(frugal)-4]...) // with the files of the image in /action
			i.init(t, nil)
			i.greets(t, "Mike")
			i.greets(t, "Zoë ☃")
			if test.changed == "" {
				return
			}
			if stat := output(t, "", "docker", "run", "--rm", "--entrypoint", "/bin/ls", name, "/run"); strings.Contains(stat, "files") {
				t.Errorf("/run has %s", stat)
			}
			if err := os.Chmod(filepath.Join(dir, test.changed), 0o600); err != nil {
				t.Fatal(err)
			}
			if again := build(); again != first {
				t.Errorf("with other modes and times: %s, before %s", again, first)
			}
			greeting := map[string]func(*testing.T, string) string{"python": wheel, "ruby": gemFile}[test.stemcell]
			text := map[string]string{"python": pythonPackage, "ruby": rubyPackage}[test.stemcell]
			put(t, dir, test.changed, greeting(t, strings.Replace(text, "Hello", "Good morning", 1)))
			if again := build(); again == first {
				t.Error("a step was given another file, and the image is the same")
			}
		})
	}
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// wheel returns greeter 1.0 as pip installs it
// (https://packaging.python.org/en/latest/specifications/binary-distribution-format).
func wheel(t *testing.T, source string) string {
	t.Helper()
	var text bytes.Buffer
	archive := zip.NewWriter(&text)
	for _, file := range [][2]string{
		{"greeter.py", source},
		{"greeter-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: greeter\nVersion: 1.0\n"},
		{"greeter-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{"greeter-1.0.dist-info/RECORD", "greeter.py,,\ngreeter-1.0.dist-info/METADATA,,\ngreeter-1.0.dist-info/WHEEL,,\ngreeter-1.0.dist-info/RECORD,,\n"},
	} {
		w, err := archive.Create(file[0])
		if err == nil {
			_, err = w.Write([]byte(file[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// gemFile returns greeter 1.0.0 as RubyGems installs it: a tar of a specification and a tar of files.
func gemFile(t *testing.T, source string) string {
	t.Helper()
	const specification = `--- !ruby/object:Gem::Specification
name: greeter
version: !ruby/object:Gem::Version
  version: 1.0.0
platform: ruby
authors:
- us
bindir: bin
dependencies: []
executables: []
extensions: []
files:
- lib/greeter.rb
require_paths:
- lib
required_ruby_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '0'
required_rubygems_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '0'
rubygems_version: 3.3.3
specification_version: 4
summary: greets
`
	return tarOf(t, "metadata.gz", gzipped(t, specification), "data.tar.gz", gzipped(t, tarOf(t, "lib/greeter.rb", source)))
}

func tarOf(t *testing.T, files ...string) string {
	t.Helper()
	var text bytes.Buffer
	archive := tar.NewWriter(&text)
	for n := 0; n < len(files); n += 2 {
		err := archive.WriteHeader(&tar.Header{Name: files[n], Mode: 0o644, Size: int64(len(files[n+1]))})
		if err == nil {
			_, err = archive.Write([]byte(files[n+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func gzipped(t *testing.T, content string) string {
	t.Helper()
	var text bytes.Buffer
	w := gzip.NewWriter(&text)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

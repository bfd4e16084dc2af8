package build

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// layersOf lists the layers of the only row in the size record.
func layersOf(t *testing.T, options Options) ([]string, map[string]string) {
	t.Helper()
	record, err := sizes.Read(options.SizeRecord)
	if err != nil || len(record.Images) != 1 {
		t.Fatalf("%d rows, %v", len(record.Images), err)
	}
	var names []string
	for _, layer := range record.Images[0].Layers {
		names = append(names, layer.Name)
	}
	return names, record.Images[0].Inputs
}

// linking copies a program and makes it look as if it linked the library.
func linking(t *testing.T, program string) string {
	t.Helper()
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "linking")
	if err := os.WriteFile(file, append(content, openwhisk.Marker...), 0o777); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRunBakesAnAction(t *testing.T) {
	t.Run("behind the proxy", func(t *testing.T) {
		options := optionsIn(t)
		options.Action = options.Proxy // any program
		if _, err := Run(t.Context(), []images.Definition{definition("a")}, options); err != nil {
			t.Fatal(err)
		}
		layers, inputs := layersOf(t, options)
		if want := []string{"base", "proxy", "action"}; !slices.Equal(layers, want) {
			t.Errorf("layers %v, want %v", layers, want)
		}
		if !strings.HasPrefix(inputs[sizes.InputAction], "sha256:") || inputs[sizes.InputProxy] == "" {
			t.Errorf("inputs %v", inputs)
		}
	})
	t.Run("one that serves itself", func(t *testing.T) {
		options := optionsIn(t)
		options.Action = linking(t, options.Proxy)
		if _, err := Run(t.Context(), []images.Definition{definition("a")}, options); err != nil {
			t.Fatal(err)
		}
		layers, inputs := layersOf(t, options)
		if want := []string{"base", "action"}; !slices.Equal(layers, want) {
			t.Errorf("layers %v, want %v", layers, want)
		}
		if inputs[sizes.InputProxy] != "" {
			t.Errorf("a proxy is among the inputs, though there is none: %v", inputs)
		}
	})
	t.Run("of a definition, beside which it is", func(t *testing.T) {
		options := optionsIn(t)
		own := definition("a")
		own.File = filepath.Join(filepath.Dir(options.Proxy), "images", "a.yaml")
		own.Action = "../proxy"
		if _, err := Run(t.Context(), []images.Definition{own}, options); err != nil {
			t.Fatal(err)
		}
		if _, inputs := layersOf(t, options); inputs[sizes.InputAction] != "" {
			t.Errorf("the definition's own action is among the inputs: %v", inputs)
		}
	})
}

func TestRunRefusesAnAction(t *testing.T) {
	for name, test := range map[string]struct {
		change      func(*images.Definition, *Options)
		definitions int
		want        string
	}{
		"two images":        {func(_ *images.Definition, o *Options) { o.Action = o.Proxy }, 2, "an action is baked into one image, and 2 are built"},
		"that is not there": {func(d *images.Definition, _ *Options) { d.Action = "none" }, 1, "image a: action none: there is no none"},
		"for another machine": {func(d *images.Definition, o *Options) {
			o.Action, o.Proxy = o.Proxy, ""
			d.Platforms = []images.Platform{images.LinuxARM64}
		}, 1, "GOARCH=arm64): build the image with --platform linux/amd64"},
		"without the library": {func(d *images.Definition, o *Options) {
			o.Action, d.Env = o.Proxy, map[string]string{"OW_PROTOCOL": "exec"}
		}, 1, "does not link the openwhisk library, which OW_PROTOCOL=exec needs"},
	} {
		t.Run(name, func(t *testing.T) {
			options, own := optionsIn(t), definition("a")
			test.change(&own, &options)
			_, err := Run(t.Context(), slices.Repeat([]images.Definition{own}, test.definitions), options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestStatementKnowsTheWholeAction holds that the hash of a Go action in a statement changes with everything that is
// compiled into it, even where no commit shows the change.
func TestStatementKnowsTheWholeAction(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.org/action\n\ngo 1.26.0\n")
	write("cmd/hello/main.go", "package main\n\nimport \"example.org/action/word\"\n\nfunc main() { print(word.Word) }\n")
	write("word/word.go", "package word\n\nimport _ \"embed\"\n\n//go:embed word.txt\nvar Word string\n")
	write("word/word.txt", "hello")
	hash := func() string {
		t.Helper()
		source, err := action.Open(filepath.Join(dir, "cmd", "hello"), action.Options{Toolchain: runtime.Version()})
		if err != nil {
			t.Fatal(err)
		}
		contents, err := source.Contents(t.Context(), images.UsualPlatforms())
		if err != nil {
			t.Fatal(err)
		}
		material, err := actionMaterial("hello", contents)
		if err != nil {
			t.Fatal(err)
		}
		return material.Digest["dirHash"]
	}
	seen := map[string]string{hash(): "nothing"}
	for _, change := range [][2]string{
		{"word/word.go", "package word\n\nimport _ \"embed\"\n\n//go:embed word.txt\nvar Word string // changed\n"},
		{"word/word.txt", "good day"},
		{"go.mod", "module example.org/action\n\ngo 1.26.1\n"},
	} {
		write(change[0], change[1])
		sum := hash()
		if before, again := seen[sum]; again {
			t.Errorf("a change of %s leaves the hash as it was after a change of %s", change[0], before)
		}
		seen[sum] = change[0]
	}
	before := hash()
	write("unused/unused.go", "package unused\n")
	write("word/word_test.go", "package word\n")
	if hash() != before {
		t.Error("a file that is not compiled changes the hash")
	}
}

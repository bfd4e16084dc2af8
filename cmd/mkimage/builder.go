package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/pflag"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/nearest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
)

// The names of the engines.
const (
	embeddedEngine = "embedded"
	buildkitEngine = "buildkit"
)

// builderFlags are the flags that choose an engine and its builders, as they were typed.
type builderFlags struct {
	engine   string
	builders []string
	tls      buildkit.TLS
}

// add adds the flags to a command.
func (f *builderFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.engine, "engine", "", "put images together with `ENGINE`: embedded or buildkit; buildkit when a builder is named, else embedded")
	set.StringArrayVar(&f.builders, "builder", nil, "use the BuildKit daemon at `ADDRESS`, repeatable: unix://, tcp://, docker-container://, kube-pod:// or ssh://")
	set.StringVar(&f.tls.CA, "builder-tls-ca", "", "trust builders at tcp:// whose certificate is signed by one in `FILE`")
	set.StringVar(&f.tls.Cert, "builder-tls-cert", "", "show builders at tcp:// the certificate in `FILE`")
	set.StringVar(&f.tls.Key, "builder-tls-key", "", "the key of --builder-tls-cert is in `FILE`")
	withVariable(set, "engine", "builder", "builder-tls-ca", "builder-tls-cert", "builder-tls-key")
}

// check returns what is wrong with the flags.
func (f *builderFlags) check() error {
	engines := []string{embeddedEngine, buildkitEngine}
	switch {
	case f.engine == "" && len(f.builders) > 0:
		f.engine = buildkitEngine
	case f.engine == "":
		f.engine = embeddedEngine
	case !slices.Contains(engines, f.engine):
		return fmt.Errorf("--engine %s: no such engine: %s", f.engine, nearest.Choices(f.engine, engines))
	}
	if f.engine == embeddedEngine {
		return f.checkEmbedded()
	}
	if len(f.builders) == 0 {
		return errors.New("--engine buildkit needs a builder: --builder ADDRESS (docs/buildkit.md says how one is started)")
	}
	if err := f.tls.Check(); err != nil {
		return err
	}
	for _, address := range f.builders {
		if err := buildkit.CheckAddress(address, f.tls); err != nil {
			return err
		}
	}
	return nil
}

// checkEmbedded refuses what only builders take.
func (f *builderFlags) checkEmbedded() error {
	for _, option := range []struct {
		name string
		set  bool
	}{
		{"--builder", len(f.builders) > 0},
		{"--builder-tls-ca", f.tls.CA != ""},
		{"--builder-tls-cert", f.tls.Cert != ""},
		{"--builder-tls-key", f.tls.Key != ""},
	} {
		if option.set {
			return fmt.Errorf("%s is for --engine buildkit with a --builder; leave it out, or name a builder", option.name)
		}
	}
	return nil
}

// open makes the engine for images of these names, and returns what closes it. The embedded one is the build's own.
func (f *builderFlags) open(options *build.Options, names []string) (func() error, error) {
	if f.engine != buildkitEngine {
		return func() error { return nil }, nil
	}
	outputs := options.Outputs
	engine, err := buildkit.New(buildkit.Options{
		Builders: f.builders,
		TLS:      f.tls,
		Images:   names,
		Push:     func(image string) []string { return repositories(outputs, image) },
		Keychain: authn.DefaultKeychain,
		Log:      options.Display.Text,
	})
	if err != nil {
		return nil, err
	}
	options.Engine = engine
	return engine.Close, nil
}

// repositories returns where an image is pushed to, without tags.
func repositories(outputs []publish.Output, image string) []string {
	var repositories []string
	for _, output := range outputs {
		if output.Type != publish.Registry {
			continue
		}
		tag, err := name.NewTag(output.For(image).Ref)
		if err != nil {
			continue // the output says so itself
		}
		if repository := tag.Repository.Name(); !slices.Contains(repositories, repository) {
			repositories = append(repositories, repository)
		}
	}
	return repositories
}

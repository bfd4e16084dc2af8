package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/page"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
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

	cacheTo, cacheFrom []string
	to, from           []buildkit.Cache // parsed
}

// add adds the flags to a command.
func (f *builderFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.engine, "engine", "", "put images together with `ENGINE`: embedded or buildkit; buildkit when a builder is named, else embedded")
	set.StringArrayVar(&f.builders, "builder", nil, "use the BuildKit daemon at `ADDRESS`, repeatable: unix:///PATH, tcp://HOST:PORT, docker-container://NAME, kube-pod://POD or ssh://HOST")
	set.StringVar(&f.tls.CA, "builder-tls-ca", "", "trust builders at tcp:// whose certificate is signed by one in `FILE`")
	set.StringVar(&f.tls.Cert, "builder-tls-cert", "", "show builders at tcp:// the certificate in `FILE`")
	set.StringVar(&f.tls.Key, "builder-tls-key", "", "the key of --builder-tls-cert is in `FILE`")
	set.StringArrayVar(&f.cacheTo, "cache-to", nil, "keep the layers of steps (run:) in `CACHE`, repeatable: type=registry,ref=R or type=local,dest=DIR")
	set.StringArrayVar(&f.cacheFrom, "cache-from", nil, "take the layers of steps (run:) from `CACHE`, repeatable: type=registry,ref=R or type=local,src=DIR")
	withVariable(set, "cache-to", "cache-from", "engine", "builder", "builder-tls-ca", "builder-tls-cert", "builder-tls-key")
}

// complete offers values for the flags of a command, or the beginnings of values.
func (f *builderFlags) complete(command *cobra.Command) {
	for flag, choices := range map[string][]string{
		"engine":     {embeddedEngine, buildkitEngine},
		"builder":    buildkit.Schemes(),
		"cache-to":   {"type=registry,ref=", "type=local,dest="},
		"cache-from": {"type=registry,ref=", "type=local,src="},
	} {
		directive := cobra.ShellCompDirectiveNoFileComp
		if flag != "engine" {
			directive |= cobra.ShellCompDirectiveNoSpace // the user types the rest
		}
		_ = command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(choices, directive)) // the flag is there, and has none
	}
}

// check returns the first mistake in the flags.
func (f *builderFlags) check() error {
	switch {
	case f.engine == "" && len(f.builders) > 0:
		f.engine = buildkitEngine
	case f.engine == "":
		f.engine = embeddedEngine
	}
	if _, err := suggest.OneOf(f.engine, embeddedEngine, buildkitEngine); err != nil {
		return fmt.Errorf("--engine: %w", err)
	}
	if f.engine == embeddedEngine {
		return f.checkEmbedded()
	}
	if len(f.builders) == 0 {
		return errors.New("--engine buildkit needs a builder: --builder ADDRESS (" + page.BuildKit + " says how one is started)")
	}
	if err := f.tls.Check(); err != nil {
		return err
	}
	for _, address := range f.builders {
		if err := buildkit.CheckAddress(address, f.tls); err != nil {
			return err
		}
	}
	return f.parseCaches()
}

func (f *builderFlags) parseCaches() error {
	for _, value := range f.cacheTo {
		parsed, err := buildkit.ParseCache(value, "dest")
		if err != nil {
			return fmt.Errorf("--cache-to %w", err)
		}
		f.to = append(f.to, parsed)
	}
	for _, value := range f.cacheFrom {
		parsed, err := buildkit.ParseCache(value, "src")
		if err != nil {
			return fmt.Errorf("--cache-from %w", err)
		}
		f.from = append(f.from, parsed)
	}
	return nil
}

// checkEmbedded refuses flags that are only for builders.
func (f *builderFlags) checkEmbedded() error {
	for _, option := range []struct {
		name string
		set  bool
	}{
		{"--builder", len(f.builders) > 0},
		{"--cache-to", len(f.cacheTo) > 0},
		{"--cache-from", len(f.cacheFrom) > 0},
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

// open returns the engine for images of these names, and the function that closes it; nil is the embedded one, the
// build's own.
func (f *builderFlags) open(options build.Options, registries registryFlags, names []string) (engine.Engine, func() error, error) {
	if f.engine != buildkitEngine {
		return nil, func() error { return nil }, nil
	}
	if err := buildkit.CheckCaches(f.to, names); err != nil {
		return nil, nil, err
	}
	outputs := options.Outputs
	asked := buildkit.Options{
		Builders: f.builders, TLS: f.tls, Images: names, CacheTo: f.to, CacheFrom: f.from,
		Store: options.Cache.Folder("builder"), Contents: options.Cache, Display: options.Display,
		Keychain: authn.DefaultKeychain, Insecure: registries.insecure,
	}
	if client := options.Publisher.Registry; client != nil {
		asked.Registry, asked.Keychain = client, client.Keychain()
	}
	if registries.ca == "" { // a builder cannot be told whom to trust: then this side pushes
		asked.Push = func(image string) []string { return repositories(outputs, image) }
	}
	opened, err := buildkit.New(asked)
	if err != nil {
		return nil, nil, err
	}
	return opened, opened.Close, nil
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

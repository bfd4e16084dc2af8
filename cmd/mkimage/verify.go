package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/page"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/verify"
)

// verifyFlags are the flags of mkimage verify, as they were typed.
type verifyFlags struct {
	registryFlags
	builder builderFlags

	repository, commit, source, packages, mirror, cacheDir, stemcells string
	proxy, goLDFlags, progress                                        string
	keys, allowSecrets                                                []string
	runSteps, anyMkimage, json                                        bool
}

func newVerify(mode *progress.Mode) *cobra.Command {
	var flags verifyFlags
	command := &cobra.Command{
		Use:   "verify REF",
		Short: "Prove where an image is from: build it again and compare",
		Long: `Prove where an image in a registry is from. The provenance that is attached to it names a repository, a commit, a definition
and packages; these are fetched, the image is built again, and the digests are compared.

The exit status is 0 when the digests are equal, 1 when they differ (the first difference is told by platform, layer and file),
and 3 when the image cannot be verified: without provenance, from changes that were never committed, by another mkimage,
from packages or a source that are gone or private, or with steps that were not run. The reason is told.

An equal digest proves that the image is made from the source that the first line names. Whether that is the source you
want, you decide: --source-repo and --commit demand it. Images that mkimage brings whole, such as bash, are from its own.

The source is fetched with git, by https or ssh, at the full commit id; no setting, hook or filter of this machine has a part in
it, and submodules are not fetched. A clone on this machine will do as well: --source DIR. Packages come from the mirror, or
from a folder that mkimage vendor made: --packages DIR. Steps (run:) of a definition are programs of its authors, and are run
with --run-steps alone, on a builder. ` + page.Verify + `
says what to do about each reason.`,
		Example: `  mkimage verify registry.example.org/actions/bash:1
  mkimage verify registry.example.org/actions/greet:1 --source-repo https://git.example.org/team/greet
  mkimage verify registry.example.org/actions/greet:1 --source . --packages packages --json`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, args []string) error {
			return orUnknown(flags.run(command, args[0], mode))
		},
	}
	set := command.Flags()
	set.StringVar(&flags.repository, "source-repo", "", "demand that the source is the repository `URL`")
	set.StringVar(&flags.commit, "commit", "", "demand that the source is the commit `ID`, or one whose id begins so")
	set.StringVar(&flags.source, "source", "", "take the source from the git clone in `DIR`, and fetch nothing")
	set.StringVar(&flags.packages, "packages", "", "take Alpine packages from the folder `DIR` that mkimage vendor made")
	set.StringVar(&flags.mirror, "alpine-mirror", "", "take Alpine packages from `URL|DIR`; from Alpine's own mirror when not given")
	set.StringArrayVar(&flags.keys, "alpine-key", nil, "trust the public key in `FILE` beside Alpine's own, repeatable ($"+keysVariable+", a list as in PATH)")
	set.StringVar(&flags.stemcells, "stemcells", "", "take the stemcells in `DIR` beside mkimage's own; those of the source when not given")
	set.StringVar(&flags.cacheDir, "cache-dir", "", "keep costly results in `DIR`; in mkimage of the user's cache folder when not given")
	set.StringVar(&flags.proxy, "proxy", "", "use the ready static proxy in `FILE`, for an image that was built so")
	set.StringVar(&flags.goLDFlags, "go-ldflags", "", "give the linker of Go actions `FLAGS`, for an image that was built so")
	set.StringArrayVar(&flags.allowSecrets, "allow-secret-file", nil, "let the file `NAME` of an action into the image, though it looks like a secret, repeatable")
	set.BoolVar(&flags.runSteps, "run-steps", false, "run the steps of the definition, on the builder")
	set.BoolVar(&flags.anyMkimage, "any-mkimage", false, "build also when another mkimage has built the image")
	set.BoolVar(&flags.json, "json", false, "write the result as JSON")
	set.StringVar(&flags.progress, "progress", string(progress.Auto), "show progress in `MODE`: auto, plain, json or none")
	withVariable(set, "alpine-mirror", "stemcells", "cache-dir", "proxy", "go-ldflags", "progress")
	flags.builder.add(set)
	flags.builder.complete(command)
	flags.registryFlags.add(set)
	_ = command.MarkFlagDirname("source") // the flags are there
	_ = command.MarkFlagDirname("packages")
	return command
}

func (f *verifyFlags) run(command *cobra.Command, text string, mode *progress.Mode) error {
	var err error
	if *mode, err = progress.ParseMode(f.progress); err != nil {
		return usage(command, err)
	}
	if err := f.check(typed(command.Flags(), "alpine-mirror")); err != nil {
		return usage(command, err)
	}
	if dir, found := layout.Find(text); found {
		return usage(command, fmt.Errorf("%s is a layout here, and provenance is attached in a registry: push it, and name it as REPOSITORY:TAG", dir))
	}
	client, err := f.registryFlags.open(command, text)
	if err != nil {
		return err
	}
	defer client.Close()
	reference, err := client.Reference(text)
	if err != nil {
		return usage(command, fmt.Errorf("%q is no reference of an image in a registry: %w", text, err))
	}
	options, err := f.options()
	if err != nil {
		return err
	}
	options.Build.Display = progress.New(os.Stderr, *mode)
	options.Tell = func(result verify.Result) {
		if !f.json {
			fmt.Fprintln(command.OutOrStdout(), statedSource(result))
		}
	}
	result, err := f.verify(command, client, reference, options)
	options.Build.Display.Close()
	if err != nil {
		return err
	}
	return f.answer(command, result)
}

// check returns the first mistake in the flags. mirrored tells whether a mirror was named on the command line.
func (f *verifyFlags) check(mirrored bool) error {
	switch {
	case f.packages != "" && mirrored:
		return errors.New("--packages and --alpine-mirror are two places for packages: choose one")
	case f.packages != "" && !isFolder(f.packages):
		return fmt.Errorf("--packages %s: there is no such folder; mkimage vendor makes one", f.packages)
	case f.commit != "" && (len(f.commit) < 7 || strings.Trim(f.commit, "0123456789abcdef") != ""):
		return fmt.Errorf("--commit: %q is no commit id: want 7 to 64 digits of 0 to 9 and a to f", f.commit)
	case f.runSteps && len(f.builder.builders) == 0:
		return errors.New("--run-steps needs a builder: --builder ADDRESS (" + page.BuildKit + " says how one is started)")
	case len(f.builder.cacheFrom)+len(f.builder.cacheTo) > 0:
		return errors.New("--cache-from and --cache-to: steps are run to verify an image, and not taken from a cache")
	}
	return f.builder.check()
}

func (f *verifyFlags) options() (verify.Options, error) {
	mirror := f.mirror
	if f.packages != "" {
		mirror = f.packages
	}
	alpine := alpineFlags{stemcells: f.stemcells, cacheDir: f.cacheDir, mirror: mirror, keys: f.keys}
	options := verify.Options{
		Repository: f.repository, Commit: f.commit, Source: f.source, RunSteps: f.runSteps, AnyMkimage: f.anyMkimage, StemcellsDir: f.stemcells,
		Build: build.Options{Delivery: build.Delivery{Publisher: new(publish.Publisher)}, Programs: build.Programs{Proxy: f.proxy, GoLDFlags: f.goLDFlags, AllowSecrets: f.allowSecrets}},
	}
	var err error
	if options.Build.Packages, options.Build.Cache, err = alpine.open(); err != nil {
		return options, err
	}
	if options.Build.Module, err = gobuild.Open(source.Files(), options.Build.Cache); err != nil {
		return options, err
	}
	if len(f.builder.builders) > 0 {
		options.Engine = func(o build.Options, name string) (build.Options, func() error, error) {
			opened, closeEngine, err := f.builder.open(o, f.registryFlags, []string{name})
			o.Engine = opened
			return o, closeEngine, err
		}
	}
	return options, nil
}

// verify reads what is attached, and builds. Where nothing can be read, the image cannot be verified.
func (f *verifyFlags) verify(command *cobra.Command, client *registry.Client, reference name.Reference, options verify.Options) (verify.Result, error) {
	ctx := command.Context()
	unknown := func(err error) (verify.Result, error) {
		return verify.Result{Reference: reference.String(), Verdict: verify.Unknown, Reason: err.Error()}, ctx.Err()
	}
	index, err := client.Pull(ctx, reference)
	if err != nil {
		return unknown(err)
	}
	digest, err := index.Digest()
	if err != nil {
		return unknown(err)
	}
	at := reference.Context().Digest(digest.String()) // a tag may move meanwhile
	texts, warnings, err := inspect.Statements(ctx, client, at)
	warn(command, warnings)
	if err != nil {
		return unknown(err)
	}
	pushed := verify.Pushed{Reference: at.String(), Index: index}
	for _, text := range texts {
		stated, err := provenance.Read(text)
		if err != nil {
			warn(command, []string{"an attached statement is not used: " + err.Error()})
			continue
		}
		pushed.Statements = append(pushed.Statements, stated)
	}
	return verify.Image(ctx, pushed, options)
}

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/page"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/release"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// buildFlags are the flags of mkimage build, as they were typed.
type buildFlags struct {
	alpineFlags
	pushFlags
	sinceFlags
	goFlags
	builder builderFlags

	proxy, action, sizeRecord, metadataFile, progress, sbom, attest string
	allowSecrets                                                    []string
	places                                                          []string
	jobs                                                            int
	failFast, allowOverBudget, locked, dry, verbose                 bool
}

func newBuild(mode *progress.Mode) *cobra.Command {
	var flags buildFlags
	command := &cobra.Command{
		Use:   "build [NAME|FILE]...",
		Short: "Build images",
		Long: `Build images and write them to every output. Without a name, all definitions here (images/NAME.yaml) are built. The
images that mkimage brings along (mkimage list --shipped) are built by name only. With --since, only images that a
change touches are built; mkimage list --help has the rules.

An output is one of
  type=oci,dest=DIR              an OCI image layout; only a folder of mkimage is replaced
  type=docker,dest=FILE[,ref=R]  an archive for "docker load"
  type=daemon[,ref=R]            the Docker Engine at $DOCKER_HOST, or at its usual address
  type=registry,ref=R            a repository of a registry
In it, {name} stands for the image's name; several images need it. Layouts and registries get an index of all
platforms. Archives and the Docker Engine get one platform: this machine's, or the only one. Without ref, the image is
NAME:latest there.

--push pushes every image to REPO/NAME. It sends only missing blobs, and sets the tags last: those of --tag or ref,
else latest, and always content-XXXXXXXXXXXX, the first 12 digits of the digest, which never moves. SBOM, sizes and
provenance are attached; mkimage inspect shows them. Before anything is built, the registry is asked whether the login
may push. mkimage push --help lists the logins.

The digest reference of each image is printed on stdout: REPOSITORY@sha256:... after a push, else NAME@sha256:...

--action, or action: in a definition, bakes an action into the image: a function's file, a folder or an archive with a
main file (main.sh, main.rb, main.py), a program, or a script. A folder goes in whole, without .git and without the
files in its .dockerignore. A file that looks like a secret stops the build, unless --allow-secret-file or a line
!NAME of .dockerignore names it. A folder with Go files is a package, and is compiled for every platform. A Go program
with the openwhisk library serves /init and /run itself, so its image has no proxy.

Alpine packages are verified from the mirror to the layer, and kept in the cache. Their versions are those of the lock
beside the definition, if it fits; else the newest of the mirror, which --verbose lists.

Nothing is built twice: a layer is kept in the cache by its inputs, and a layout that is there already stays. With
more than 20 images, progress is a count. A failed image does not stop the others; all failures are told at the end.

With --builder, BuildKit daemons run the steps of images (run:); digests stay the same. Several builders share the
images. How to start and reach one: ` + page.BuildKit + `

The same definition and packages have the same digest on every machine. SOURCE_DATE_EPOCH sets the time in images, in
seconds since 1970; the default is 0.`,
		Example: `  mkimage build scratch
  mkimage build scratch --action ./hello
  mkimage build bash --action greet.sh
  mkimage build scratch --platform linux/arm64 -o type=docker,dest=scratch.tar
  mkimage build --push --repo registry.example.org/actions --tag 1.0 --tag latest
  mkimage build --since origin/main
  mkimage build -o type=oci,dest=dist/{name} -o type=registry,ref=localhost:5000/{name}
  mkimage build --builder docker-container://builder`,
		ValidArgsFunction: completeNames,
		RunE: func(command *cobra.Command, args []string) error {
			return flags.run(command, args, mode)
		},
	}
	set := command.Flags()
	flags.alpineFlags.add(set, "build")
	flags.pushFlags.add(set)
	flags.sinceFlags.add(set)
	flags.builder.add(set)
	flags.builder.complete(command)
	set.BoolVar(&flags.locked, "locked", false, "take Alpine packages only as locks have them (see mkimage lock)")
	set.StringArrayVarP(&flags.places, "output", "o", nil, "write to `OUTPUT`, repeatable; to "+publish.Default().String()+" when not given")
	set.IntVar(&flags.jobs, "jobs", 0, "build `N` images at the same time; 0 is one for each processor")
	set.BoolVarP(&flags.verbose, "verbose", "v", false, "tell every package that no lock pins")
	set.BoolVar(&flags.dry, "dry-run", false, "list the images with their inputs and outputs; build nothing and ask no network")
	set.BoolVar(&flags.failFast, "fail-fast", false, "stop at the first image that fails")
	set.BoolVar(&flags.allowOverBudget, "allow-over-budget", false, "build images that are over their budget")
	set.StringVar(&flags.proxy, "proxy", "", "use the ready static proxy in `FILE`; digests then depend on it")
	set.StringVar(&flags.action, "action", "", "bake `PATH` into the image as its action: a function's file or folder, a Go package's folder, a program, a script, a zip or a tar.gz")
	set.StringArrayVar(&flags.allowSecrets, "allow-secret-file", nil, "let the file `NAME` of an action into the image, though it looks like a secret, repeatable; NAME as the error says it")
	flags.goFlags.add(set)
	set.StringVar(&flags.sizeRecord, "size-record", builtRecord, "put the sizes into `FILE`")
	set.StringVar(&flags.sbom, "sbom", string(sbom.SPDX), "write an SBOM in `FORMAT`, as DIR.spdx.json beside the OCI layout, and attach it to pushed images: spdx or none")
	set.StringVar(&flags.attest, "attest", string(build.AttestAuto), "with a push, attach the provenance `WHEN`: auto (there is none yet), always (or fail) or none")
	set.StringVar(&flags.metadataFile, "metadata-file", "", "write digests, sizes, outputs and attachments to `FILE`, as JSON")
	set.StringVar(&flags.progress, "progress", string(progress.Auto), "show progress in `MODE`: auto, plain, json or none")
	withVariable(set, "locked", "output", "jobs", "fail-fast", "allow-over-budget", "proxy", "action", "allow-secret-file", "size-record", "sbom", "attest", "metadata-file", "progress")
	return command
}

func (f *buildFlags) run(command *cobra.Command, args []string, mode *progress.Mode) error {
	var err error
	if *mode, err = progress.ParseMode(f.progress); err != nil {
		return usage(command, err)
	}
	options, err := f.options()
	if err != nil {
		return usage(command, err)
	}
	if options.Packages, options.Cache, err = f.alpineFlags.open(); err != nil {
		return err
	}
	options.Locked = f.locked
	definitions, err := loadDefinitions(command, f.images, options.Stemcells.Known(), args...)
	if err != nil {
		return err
	}
	names := namesOf(definitions)
	if f.action != "" && len(names) != 1 {
		return usage(command, fmt.Errorf("--action %s goes into one image, and %d are named: mkimage build scratch --action %s", f.action, len(names), f.action))
	}
	if err := publish.Check(options.Outputs, names); err != nil {
		return usage(command, err)
	}
	if f.since != "" {
		if definitions, err = f.touched(command, f.stemcells, definitions); err != nil {
			return err
		}
		if len(definitions) == 0 {
			return f.nothing(command, *mode)
		}
	}
	if f.dry {
		return f.dryRun(command, definitions, options)
	}
	if options.Module, err = gobuild.Open(source.Files(), options.Cache); err != nil {
		return err
	}
	if options.Publisher, err = f.publisher(command, options.Outputs); err != nil {
		return err
	}
	options.Display = progress.New(os.Stderr, *mode)
	var closeEngine func() error
	if options.Engine, closeEngine, err = f.builder.open(options, f.registryFlags, namesOf(definitions)); err != nil {
		options.Display.Close()
		return err
	}
	results, err := build.Run(command.Context(), definitions, options)
	err = errors.Join(err, closeEngine())
	tell(options.Display, sizes.Summary(rowsOf(results), terminal.Width(os.Stderr)))
	if len(names) > 1 {
		options.Display.Text(fmt.Sprintf("%d of %s built", len(results), human.Count(len(definitions), "image")))
	}
	if err != nil {
		tell(options.Display, options.Publisher.Report(options.Outputs, namesOf(definitions)))
	}
	options.Display.Close()
	if f.metadataFile != "" && (err == nil || len(results) == len(names)) { // all are pushed, though something may not be attached
		err = errors.Join(err, writeMetadata(f.metadataFile, results))
	}
	for _, result := range results {
		for _, reference := range result.References() {
			fmt.Fprintln(command.OutOrStdout(), reference)
		}
	}
	return err
}

// options reads the flags that can be wrong.
func (f *buildFlags) options() (build.Options, error) {
	options := build.Options{
		Programs: build.Programs{Proxy: f.proxy, Action: f.action, GoTags: f.goTags, GoLDFlags: f.goLDFlags, AllowSecrets: f.allowSecrets},
		Delivery: build.Delivery{SizeRecord: f.sizeRecord, Generated: f.sizeRecord == builtRecord, Version: release.Number()},
		Jobs:     f.jobs, FailFast: f.failFast, AllowOverBudget: f.allowOverBudget, Verbose: f.verbose,
	}
	var err error
	options.Platforms, err = f.alpineFlags.check()
	if err == nil {
		err = f.sinceFlags.check()
	}
	if err == nil && f.since != "" && f.action != "" {
		err = errors.New("--since does not look at what --action bakes: leave one of them out")
	}
	if err != nil {
		return options, err
	}
	if err = f.builder.check(); err != nil {
		return options, err
	}
	if options.SBOM, err = sbom.ParseFormat(f.sbom); err != nil {
		return options, err
	}
	if options.Attest, err = build.ParseAttest(f.attest); err != nil {
		return options, err
	}
	if f.jobs < 0 {
		return options, fmt.Errorf("--jobs %d: want a number of images, 0 or more", f.jobs)
	}
	for _, value := range f.places {
		output, err := publish.Parse(value)
		if err != nil {
			return options, err
		}
		options.Outputs = append(options.Outputs, output)
	}
	if options.Outputs, err = f.pushFlags.outputs(options.Outputs); err != nil {
		return options, err
	}
	options.Epoch, err = plan.ParseEpoch(os.Getenv("SOURCE_DATE_EPOCH"))
	return options, err
}

// nothing tells that --since leaves nothing to build.
func (f *buildFlags) nothing(command *cobra.Command, mode progress.Mode) error {
	text := "nothing to build: no image differs from what git has at " + f.since
	if mode == progress.JSON {
		progress.New(os.Stderr, mode).Text(text)
	} else {
		fmt.Fprintln(command.ErrOrStderr(), text)
	}
	if f.metadataFile == "" {
		return nil
	}
	return writeMetadata(f.metadataFile, []build.Result{})
}

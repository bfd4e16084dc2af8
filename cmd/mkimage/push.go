package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/attach"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
)

// repoVariable is where images are pushed to, in the environment of a pipeline.
const repoVariable = "MKIMAGE_REPO"

// pushFlags are the flags of mkimage build about pushing, as they were typed.
type pushFlags struct {
	registryFlags
	push, noOverwrite bool
	repo              string
	tags              []string
}

// add adds the flags to a command.
func (f *pushFlags) add(set *pflag.FlagSet) {
	set.BoolVar(&f.push, "push", false, "push every image to REPO/NAME, and write it nowhere else unless --output says so")
	set.StringVar(&f.repo, "repo", "", "with --push, push to `REPO`/NAME")
	withVariable(set, "push", "repo")
	f.addTags(set)
	f.registryFlags.add(set)
}

func (f *pushFlags) addTags(set *pflag.FlagSet) {
	set.StringArrayVar(&f.tags, "tag", nil, "set `TAG` on what is pushed, repeatable; latest when neither this nor the reference has one")
	set.BoolVar(&f.noOverwrite, "no-overwrite", false, "fail rather than move a tag that exists and names another digest")
	withVariable(set, "tag", "no-overwrite")
}

// outputs are those that --output gave, and the one of --push.
func (f *pushFlags) outputs(given []publish.Output) ([]publish.Output, error) {
	for _, tag := range f.tags {
		if err := publish.CheckTag(tag); err != nil {
			return nil, fmt.Errorf("--tag %w", err)
		}
	}
	outputs := given
	switch {
	case f.push && f.repo == "":
		return nil, fmt.Errorf("--push: where to? give --repo, such as --repo registry.example.org/actions, or set $%s", repoVariable)
	case f.push:
		output, err := publish.To(strings.TrimSuffix(f.repo, "/") + "/{name}")
		if err != nil {
			return nil, fmt.Errorf("--repo %s: it is HOST/PATH, to which images are pushed as HOST/PATH/NAME", f.repo)
		}
		outputs = append(outputs, output)
	case f.repo != "" && f.repo != os.Getenv(repoVariable):
		return nil, fmt.Errorf("--repo %s: nothing is pushed without --push", f.repo)
	case len(outputs) == 0:
		outputs = []publish.Output{publish.Default()}
	}
	pushes := false
	for i := range outputs {
		if outputs[i].Type == publish.Registry {
			outputs[i].Tags, pushes = f.tags, true
		}
	}
	if len(f.tags) > 0 && !pushes && os.Getenv("MKIMAGE_TAG") == "" {
		return nil, errors.New("--tag: nothing is pushed without --push, or --output type=registry")
	}
	return outputs, nil
}

// publisher returns what writes to the outputs.
func (f *pushFlags) publisher(command *cobra.Command, outputs []publish.Output) (*publish.Publisher, error) {
	var references []string
	for _, output := range outputs {
		if output.Type == publish.Registry {
			references = append(references, output.For("name").Ref)
		}
	}
	if len(references) == 0 {
		_ = takePassword()
		return new(publish.Publisher), nil
	}
	client, err := f.open(command, references...)
	return &publish.Publisher{Registry: client, NoOverwrite: f.noOverwrite}, err
}

// layoutFlags are the flags of mkimage push, as they were typed.
type layoutFlags struct {
	pushFlags
	sbom, sizeRecord, metadataFile, progress string
}

// run pushes an image that is built.
func (f *layoutFlags) run(command *cobra.Command, image, reference string, display *progress.Display) (build.Result, error) {
	output, err := publish.To(reference)
	if err != nil {
		return build.Result{}, err
	}
	outputs, err := f.outputs([]publish.Output{output})
	if err != nil {
		return build.Result{}, usage(command, err)
	}
	format, err := sbom.ParseFormat(f.sbom)
	if err != nil {
		return build.Result{}, usage(command, fmt.Errorf("--sbom: %w", err))
	}
	dir, found := publish.FindLayout(image)
	if !found {
		return build.Result{}, fmt.Errorf("%q is neither an image that was built to dist, nor the folder of one: build it first", image)
	}
	publisher, err := f.publisher(command, outputs)
	if err != nil {
		return build.Result{}, err
	}
	layout, err := build.FromLayout(dir, f.sizeRecord, format, attach.New(publisher.Registry), display.Text)
	if err != nil {
		return build.Result{}, err
	}
	step := display.Start(layout.Name + ": " + output.Title())
	written, err := publisher.Write(command.Context(), outputs[0], layout, step.Note)
	if step.End(written.Detail(), err) != nil {
		tell(display, publisher.Report(outputs, []string{layout.Name}))
		return build.Result{}, err
	}
	return build.Result{Name: layout.Name, Digest: written.Digest, Outputs: []publish.Result{written}}, nil
}

// tell shows lines for people.
func tell(display *progress.Display, lines []string) {
	for _, line := range lines {
		display.Text(line)
	}
}

func newPush(mode *progress.Mode) *cobra.Command {
	var flags layoutFlags
	command := &cobra.Command{
		Use:   "push NAME|PATH REPOSITORY[:TAG]",
		Short: "Push an image that is built",
		Long: `Push an image to a registry: the one that was built as NAME to dist/NAME, or the OCI layout in the folder PATH.

What the repository has already is not sent again, so a push that was broken off is finished by the next one. Tags are
set last, when all that they name is there; beside those that are asked for, the tag content-XXXXXXXXXXXX, the first 12
digits of the digest, which never moves. REPOSITORY@sha256:... is printed on stdout.

What is in the image and what it weighs is attached to it. Where it comes from, only the build knows: mkimage build --push
attaches that too.

The login is that of --registry-user, or else of docker login or podman login: from $REGISTRY_AUTH_FILE, config.json in
$DOCKER_CONFIG or ~/.docker, or containers/auth.json in $XDG_RUNTIME_DIR or ~/.config, and the credential helpers that
these name.`,
		Example: `  mkimage push scratch registry.example.org/actions/scratch:1.0
  mkimage push dist/scratch localhost:5000/scratch --tag 1.0 --tag 1
  mkimage push scratch ghcr.io/me/scratch --registry-user me --registry-password-stdin <token`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: completeNames,
		RunE: func(command *cobra.Command, args []string) error {
			var err error
			if *mode, err = progress.ParseMode(flags.progress); err != nil {
				return usage(command, err)
			}
			display := progress.New(os.Stderr, *mode)
			defer display.Close()
			result, err := flags.run(command, args[0], args[1], display)
			if err == nil && flags.metadataFile != "" {
				err = writeMetadata(flags.metadataFile, []build.Result{result})
			}
			if result.Digest != "" {
				fmt.Fprintln(command.OutOrStdout(), result.References()[0])
			}
			return err
		},
	}
	set := command.Flags()
	flags.addTags(set)
	flags.registryFlags.add(set)
	set.StringVar(&flags.metadataFile, "metadata-file", "", "write the digest and what was moved to `FILE`, as JSON")
	set.StringVar(&flags.sizeRecord, "size-record", builtRecord, "take the sizes to attach from `FILE`, where it has those of this image")
	set.StringVar(&flags.sbom, "sbom", string(sbom.SPDX), "attach the list of what is in the image in `FORMAT`: spdx or none")
	set.StringVar(&flags.progress, "progress", string(progress.Auto), "show progress in `MODE`: auto, plain, json or none")
	withVariable(set, "size-record", "sbom", "metadata-file", "progress")
	return command
}

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/destination"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/project"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
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
	set               *pflag.FlagSet // which flags were typed
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
	f.set = set
	set.StringArrayVar(&f.tags, "tag", nil, "set `TAG` on pushed images, repeatable; latest when neither this nor the reference has one")
	set.BoolVar(&f.noOverwrite, "no-overwrite", false, "fail rather than move a tag that exists and names another digest")
	withVariable(set, "tag", "no-overwrite")
}

// outputs returns the outputs of --output, and the output of --push.
func (f *pushFlags) outputs(given []publish.Output) ([]publish.Output, error) {
	for _, tag := range f.tags {
		if err := publish.CheckTag(tag); err != nil {
			return nil, fmt.Errorf("--tag %w", err)
		}
	}
	outputs := given
	switch {
	case f.push && f.repo == "":
		return nil, fmt.Errorf("--push: where to? give --repo, such as --repo registry.example.org/actions, or set $%s, or repo: in %s", repoVariable, project.Name)
	case f.push:
		output, err := under(f.repo)
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, output)
	case f.repo != "" && typed(f.set, "repo"):
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
	if !pushes && typed(f.set, "tag") {
		return nil, errors.New("--tag: nothing is pushed without --push, or --output type=registry")
	}
	return outputs, nil
}

// under returns the output of --repo.
func under(repo string) (publish.Output, error) {
	if err := registry.CheckRepository(repo); err != nil {
		return publish.Output{}, fmt.Errorf("--repo %w", err)
	}
	return publish.To(strings.TrimSuffix(repo, "/") + "/" + destination.Placeholder)
}

// publisher returns a publisher for the outputs.
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
	under, sbom, sizeRecord, metadataFile, progress string
}

// split takes the arguments apart: with --repo all of them are images, else the last one says where they go.
func (f *layoutFlags) split(args []string) (images []string, to publish.Output, err error) {
	switch {
	case f.under != "":
		to, err = under(f.under)
		return args, to, err
	case len(args) < 2:
		return nil, to, errors.New("where to? name the repository after the image, or give --repo")
	}
	to, err = publish.To(args[len(args)-1])
	return args[:len(args)-1], to, err
}

// run pushes built images, and returns the results of those that it has pushed.
func (f *layoutFlags) run(command *cobra.Command, args []string, display *progress.Display) ([]build.Result, error) {
	images, output, err := f.split(args)
	if err != nil {
		return nil, usage(command, err)
	}
	outputs, err := f.outputs([]publish.Output{output})
	if err != nil {
		return nil, usage(command, err)
	}
	format, err := sbom.ParseFormat(f.sbom)
	if err != nil {
		return nil, usage(command, err)
	}
	dirs, names, err := build.Find(images, knownNames(""))
	if err != nil {
		return nil, err
	}
	for i, dir := range dirs {
		tellOlder(command, dir, images[i])
	}
	if err := apart(outputs[0], dirs, names); err != nil {
		return nil, usage(command, err)
	}
	publisher, err := f.publisher(command, outputs)
	if err != nil {
		return nil, err
	}
	layouts := build.Layouts{Output: outputs[0], Publisher: publisher, SizeRecord: f.sizeRecord, SBOM: format, Display: display}
	pushed, err := layouts.Push(command.Context(), dirs...)
	if err != nil {
		tell(display, publisher.Report(outputs, names))
	}
	return pushed, err
}

// apart says whether every image goes to a repository of its own.
func apart(output publish.Output, dirs, names []string) error {
	at := map[string]string{}
	for i, name := range names {
		ref := output.For(name).Ref
		if err := registry.CheckReference(ref); err != nil {
			return fmt.Errorf("%s: %w; its folder's name is the image's", dirs[i], err)
		}
		other, taken := at[ref]
		switch {
		case taken && output.For("").Ref == output.Ref:
			return fmt.Errorf("%s: %d images would all go there: put {name} into it, or give --repo", ref, len(names))
		case taken:
			return fmt.Errorf("%s and %s would both go to %s: push one of them alone, to another repository", other, dirs[i], ref)
		}
		at[ref] = dirs[i]
	}
	return nil
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
		Use:   "push NAME|PATH... REPOSITORY[:TAG]",
		Short: "Push images that are built",
		Long: `Push images to a registry: NAME, built to dist/NAME, or an OCI layout in the folder PATH.

For several images, REPOSITORY needs {name}, which stands for the name of each image: the name of its folder. With
--repo REPO, every argument is an image, and goes to REPO/NAME. Each image gets all the tags. Shared layers are sent
once. All images must be there before the first is pushed. A failed push does not stop the others, and makes the exit
status 1.

Only missing blobs are sent, so the next push finishes one that was broken off. Tags are set last, when everything
that they name is there. Beside your tags, the tag content-XXXXXXXXXXXX, the first 12 digits of the digest, is set and
never moves. REPOSITORY@sha256:... is printed on stdout.

SBOM and sizes are attached to the image. Only a build can attach the provenance: mkimage build --push. If the
registry refuses an attachment, that is told, and the image gets its tags all the same.

The login is that of --registry-user, else that of docker login or podman login: from $REGISTRY_AUTH_FILE, from
config.json in $DOCKER_CONFIG or ~/.docker, or from containers/auth.json in $XDG_RUNTIME_DIR or ~/.config, with their
credential helpers.`,
		Example: `  mkimage push scratch registry.example.org/actions/scratch:1.0
  mkimage push dist/scratch localhost:5000/scratch --tag 1.0 --tag 1
  mkimage push scratch hello registry.example.org/actions/{name}:1.0
  mkimage push dist/*/ --repo registry.example.org/actions --tag 1.0 --tag latest
  mkimage push scratch ghcr.io/me/scratch --registry-user me --registry-password-stdin <token`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeNames,
		RunE: func(command *cobra.Command, args []string) error {
			var err error
			if *mode, err = progress.ParseMode(flags.progress); err != nil {
				return usage(command, err)
			}
			display := progress.New(os.Stderr, *mode)
			defer display.Close()
			results, err := flags.run(command, args, display)
			if err == nil && flags.metadataFile != "" {
				err = writeMetadata(flags.metadataFile, results)
			}
			for _, result := range results {
				fmt.Fprintln(command.OutOrStdout(), result.References()[0])
			}
			return err
		},
	}
	set := command.Flags()
	set.StringVar(&flags.under, "repo", "", "push every image that is named to `REPO`/NAME; $"+repoVariable+" is for mkimage build alone")
	flags.addTags(set)
	flags.registryFlags.add(set)
	set.StringVar(&flags.metadataFile, "metadata-file", "", "write the digest, the transfer and the attachments to `FILE`, as JSON")
	set.StringVar(&flags.sizeRecord, "size-record", builtRecord, "take the sizes to attach from `FILE`, where it has those of this image")
	set.StringVar(&flags.sbom, "sbom", string(sbom.SPDX), "attach an SBOM in `FORMAT`: spdx or none")
	set.StringVar(&flags.progress, "progress", string(progress.Auto), "show progress in `MODE`: auto, plain, json or none")
	withVariable(set, "size-record", "sbom", "metadata-file", "progress")
	return command
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/container"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
)

// runFlags are the flags of mkimage run, as they were typed.
type runFlags struct {
	registryFlags
	images string
	port   int
	env    []string
}

func newRun() *cobra.Command {
	var flags runFlags
	command := &cobra.Command{
		Use:   "run NAME|PATH|REF",
		Short: "Start an image on the local Docker Engine",
		Long: `Start an image on the local Docker Engine with the limits that OpenWhisk's invoker gives it, on a port of this
machine's loopback address. The image is the one that was built as NAME to dist/NAME, the OCI layout in the
folder PATH, or REF, which the engine has or a registry.

When it answers, its URL is printed on stdout. Its log goes to stderr, without the lines that mark the end of an
activation. Ctrl-C stops and removes the container.`,
		Example: `  mkimage run hello
  mkimage run scratch --port 8080 --env OW_PROTOCOL=v0`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeNames,
		RunE:              func(command *cobra.Command, args []string) error { return flags.run(command, args[0]) },
	}
	set := command.Flags()
	set.StringVar(&flags.images, "images", "", "take definitions from `DIR`; from images when not given")
	set.IntVar(&flags.port, "port", 0, "listen on port `N` of this machine; 0 is any that is free")
	set.StringArrayVarP(&flags.env, "env", "e", nil, "set `NAME=VALUE` in the container, repeatable")
	withVariable(set, "images")
	flags.registryFlags.add(set)
	return command
}

func (f *runFlags) run(command *cobra.Command, image string) error {
	if f.port < 0 || f.port > 65535 {
		return usage(command, fmt.Errorf("--port %d: it is a number up to 65535", f.port))
	}
	for _, variable := range f.env {
		if name, _, ok := strings.Cut(variable, "="); !ok || name == "" {
			return usage(command, fmt.Errorf("--env %q: want NAME=VALUE", variable))
		}
	}
	engine, err := container.Connect()
	if err != nil {
		return err
	}
	defer engine.Close()
	ctx := command.Context()
	tag, err := f.load(command, engine, image)
	if err != nil {
		return err
	}
	started, err := engine.Start(ctx, tag, container.Options{Port: f.port, Env: f.env})
	if err != nil {
		return err
	}
	fmt.Fprintln(command.OutOrStdout(), started.URL)
	return errors.Join(f.follow(command, started, image), started.Remove())
}

// follow shows the log until the container ends, or until the user has enough and it has stopped.
func (f *runFlags) follow(command *cobra.Command, started *container.Container, image string) error {
	logged := make(chan error, 1)
	go func() { logged <- started.Logs(context.WithoutCancel(command.Context()), command.ErrOrStderr()) }()
	status, err := started.Wait(command.Context())
	if command.Context().Err() != nil {
		return errors.Join(started.Stop(), <-logged)
	}
	if err == nil {
		err = fmt.Errorf("%s ended with exit status %d", image, status)
	}
	return errors.Join(<-logged, err)
}

// load finds the image and returns its name on the engine.
func (f *runFlags) load(command *cobra.Command, engine *container.Engine, image string) (string, error) {
	ctx := command.Context()
	if dir, found := publish.FindLayout(image); found {
		index, err := publish.ReadLayout(dir)
		if err != nil {
			return "", err
		}
		return toEngine(ctx, filepath.Base(filepath.Clean(dir)), index)
	}
	client, err := f.open(command, image)
	if err != nil {
		return "", err
	}
	defer client.Close()
	notHere := publish.NotHere(image, knownNames(f.images))
	reference, err := client.Reference(image)
	if err != nil {
		return "", cmp.Or(notHere, fmt.Errorf("%q is neither a folder nor REPOSITORY[:TAG] or REPOSITORY@DIGEST", image))
	}
	has, err := engine.Has(ctx, image)
	if has || err != nil && (notHere == nil || slices.Contains(knownNames(f.images), image)) {
		return image, err
	}
	if notHere != nil {
		return "", errors.Join(notHere, err)
	}
	index, err := publish.Pull(ctx, client, reference)
	if err != nil {
		return "", err
	}
	return toEngine(ctx, "pulled", index)
}

// toEngine loads an image and returns its tag there, one that nobody else uses.
func toEngine(ctx context.Context, image string, index v1.ImageIndex) (string, error) {
	output := publish.Output{Type: publish.Daemon, Ref: "mkimage-run/" + image + ":latest"}
	written, err := new(publish.Publisher).Write(ctx, output, publish.Image{Name: image, Index: index}, func(string) {})
	if err != nil {
		return "", err
	}
	return written.Tags[0], nil
}

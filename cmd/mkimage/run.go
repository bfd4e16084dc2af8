package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/container"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/invoke"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
)

// runFlags are the flags of mkimage run, as they were typed.
type runFlags struct {
	registryFlags
	images string
	port   int
	env    []string

	code, main string // of --init
}

func newRun() *cobra.Command {
	var flags runFlags
	command := &cobra.Command{
		Use:   "run NAME|PATH|REF",
		Short: "Start an image on the Docker Engine",
		Long: `Start an image on the Docker Engine with the limits that OpenWhisk's invoker gives it, on a port of the engine's
loopback address. The engine is the one that docker takes: that of $DOCKER_HOST, $DOCKER_CONTEXT or the context in
use. Where it is on another machine (tcp://HOST), the port is one of HOST, open to all who reach that. The image is the one that was built as NAME to dist/NAME, the OCI layout in the
folder PATH, or REF, which the engine has or a registry.

With --init, it is initialised with a FILE when it answers; it may be initialised again, by mkimage invoke URL --init FILE.

When it answers, its URL is printed on stdout. Its log goes to stderr, without the lines that mark the end of an
activation. Ctrl-C stops and removes the container, and what was loaded for it; a second Ctrl-C does not wait for
its end.`,
		Example: `  mkimage run hello
  mkimage run bash --init greet.sh
  mkimage run scratch --port 8080 --env OW_PROTOCOL=v0`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeNames,
		RunE:              func(command *cobra.Command, args []string) error { return flags.run(command, args[0]) },
	}
	set := command.Flags()
	set.StringVar(&flags.images, "images", "", "take definitions from `DIR`; from images when not given")
	set.StringVar(&flags.code, "init", "", "init it with the code in `FILE`: a program, a script, a zip, a tar.gz or source")
	set.StringVar(&flags.main, "main", "main", "with --init, call the function `NAME`, for source that has several")
	set.IntVar(&flags.port, "port", 0, "listen on port `N` of the engine's machine; 0 is any that is free")
	set.StringArrayVarP(&flags.env, "env", "e", nil, "set `NAME=VALUE` in the container, repeatable")
	withVariable(set, "images")
	flags.registryFlags.add(set)
	return command
}

func (f *runFlags) run(command *cobra.Command, image string) error {
	if f.port < 0 || f.port > 65535 {
		return usage(command, fmt.Errorf("--port %d: want a port from 0 to 65535", f.port))
	}
	for _, variable := range f.env {
		if name, _, ok := strings.Cut(variable, "="); !ok || name == "" {
			return usage(command, fmt.Errorf("--env %q: want NAME=VALUE", variable))
		}
	}
	client := invoke.Client{Name: "mkimage", Main: f.main}
	var code []byte
	if f.code != "" {
		var err error
		if code, err = client.Read(f.code); err != nil {
			return err
		}
	}
	engine, err := container.Connect()
	if err != nil {
		return err
	}
	defer engine.Close()
	ctx := command.Context()
	insisted, done := insist()
	defer done()
	store, err := cache.Open("")
	if err != nil {
		store = cache.Dir{} // it only tells later runs of this one
	}
	clearEngine(command, engine, store)
	release := engine.Own(store)
	loaded, err := f.load(command, engine, image)
	if err != nil {
		return err
	}
	started, err := engine.Start(ctx, loaded.Name, container.Options{Port: f.port, Env: append([]string{"PROXY_ALLOW_REINIT=1"}, f.env...)})
	if err != nil {
		return errors.Join(err, loaded.Remove())
	}
	client.URL = started.URL
	if code != nil {
		if err := client.Start(ctx, code); err != nil {
			return errors.Join(err, started.Stop(insisted), started.Remove(), loaded.Remove())
		}
	}
	fmt.Fprintln(command.OutOrStdout(), started.URL)
	fmt.Fprintf(command.ErrOrStderr(), "run it with: %s\nCtrl-C stops it\n", f.invocation(started.URL))
	err = f.follow(command, insisted, started, image)
	left := errors.Join(started.Remove(), loaded.Remove())
	if left == nil {
		release()
	}
	return errors.Join(err, left)
}

// clearEngine removes containers that killed processes have left.
func clearEngine(command *cobra.Command, engine *container.Engine, store cache.Dir) {
	removed, err := engine.RemoveOrphans(command.Context(), store)
	if len(removed) > 0 {
		fmt.Fprintf(command.ErrOrStderr(), "removed %s, left by a mkimage that was killed\n", strings.Join(removed, ", "))
	}
	if err != nil && command.Context().Err() == nil {
		fmt.Fprintf(command.ErrOrStderr(), "a mkimage that was killed has left things on the engine: %v\n", err)
	}
}

// invocation returns the command that runs the action.
func (f *runFlags) invocation(url string) string {
	if f.code != "" {
		return "mkimage invoke " + url + " --no-init --param name=Mike"
	}
	return "mkimage invoke " + url + " --param name=Mike"
}

// insist returns a context that ends with the second interrupt. Until it is done, that does not kill: a container would
// be left. The third one does.
func insist() (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endings()...)
	go func() {
		for range 2 {
			select {
			case <-signals:
			case <-ctx.Done():
				return
			}
		}
		signal.Stop(signals)
		cancel()
	}()
	return ctx, func() { signal.Stop(signals); cancel() }
}

// follow shows the log until the container ends, or until the user has enough and it has stopped, or insists.
func (f *runFlags) follow(command *cobra.Command, insisted context.Context, started *container.Container, image string) error {
	logged := make(chan error, 1)
	go func() { logged <- started.Logs(insisted, command.ErrOrStderr()) }()
	status, err := started.Wait(command.Context())
	if command.Context().Err() != nil {
		return errors.Join(started.Stop(insisted), <-logged)
	}
	if err == nil {
		err = fmt.Errorf("%s ended with exit status %d", image, status)
	}
	return errors.Join(<-logged, err)
}

// load finds the image, and loads it into the engine if that lacks it.
func (f *runFlags) load(command *cobra.Command, engine *container.Engine, image string) (*container.Loaded, error) {
	ctx := command.Context()
	if dir, found := layout.Find(image); found {
		index, err := layout.Read(dir)
		if err != nil {
			return nil, err
		}
		return toEngine(ctx, engine, layout.Name(dir), index)
	}
	client, err := f.open(command, image)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	notHere := layout.NotHere(image, knownNames(f.images))
	reference, err := client.Reference(image)
	if err != nil {
		return nil, cmp.Or(notHere, fmt.Errorf("%q is neither a folder nor REPOSITORY[:TAG] or REPOSITORY@DIGEST", image))
	}
	has, err := engine.Has(ctx, image)
	if has || err != nil && (notHere == nil || slices.Contains(knownNames(f.images), image)) {
		return &container.Loaded{Name: image}, err
	}
	if notHere != nil {
		return nil, errors.Join(notHere, err)
	}
	index, err := client.Pull(ctx, reference)
	if err != nil {
		return nil, err
	}
	return toEngine(ctx, engine, reference.Context().RepositoryStr(), index)
}

// toEngine loads the image of an index that the engine can run.
func toEngine(ctx context.Context, engine *container.Engine, title string, index v1.ImageIndex) (*container.Loaded, error) {
	image, _, err := layout.Pick(index)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", title, err)
	}
	return engine.Load(ctx, title, image)
}

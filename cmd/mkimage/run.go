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
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/invoke"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

// runFlags are the flags of mkimage run, as they were typed.
type runFlags struct {
	registryFlags
	images string
	port   int
	env    []string

	code, main string // of --init
	empty      bool   // the image has no action
}

func newRun() *cobra.Command {
	var flags runFlags
	command := &cobra.Command{
		Use:   "run NAME|PATH|REF",
		Short: "Start an image on the Docker Engine",
		Long: `Start an image on the Docker Engine, with the limits of OpenWhisk's invoker, at a port of this machine. The image is
NAME, built to dist/NAME; an OCI layout in the folder PATH; or REF, on the engine or in a registry.

When it answers, its URL is printed on stdout. With --init it has been initialised with FILE by then. To replace the
code, run mkimage invoke URL --init FILE; only a Go program, which takes the place of the proxy, cannot be replaced
so.

The log goes to stderr, without the lines that mark the end of an activation. Ctrl-C stops the container and removes
it; a second Ctrl-C does so at once. If mkimage itself is killed, the next mkimage run or dev removes the container.

The engine is docker's own choice: $DOCKER_HOST, $DOCKER_CONTEXT, or the context in use. With an engine on another
machine (tcp://HOST), the port is one of HOST, and open to all who reach HOST.`,
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
		release()
		return err
	}
	removed := func(failures ...error) error {
		err := errors.Join(failures...)
		if err == nil {
			release()
		}
		return err
	}
	started, err := engine.Start(ctx, loaded.Name, container.Options{Port: f.port, Env: append([]string{"PROXY_ALLOW_REINIT=1"}, f.env...)})
	if err != nil {
		return errors.Join(err, removed(loaded.Remove()))
	}
	client.URL = started.URL
	if code != nil {
		if err := client.Start(ctx, code); err != nil {
			return errors.Join(err, started.Stop(insisted), removed(started.Remove(), loaded.Remove()))
		}
	}
	fmt.Fprintln(command.OutOrStdout(), started.URL)
	fmt.Fprintf(command.ErrOrStderr(), "run it with: %s\nCtrl-C stops it\n", f.invocation(started.URL))
	return errors.Join(f.follow(command, insisted, started, image), removed(started.Remove(), loaded.Remove()))
}

// clearEngine removes containers and images that killed processes have left. Where that fails, the next one tries again.
func clearEngine(command *cobra.Command, engine *container.Engine, store cache.Dir) {
	removed, _ := engine.RemoveOrphans(command.Context(), store)
	if len(removed) > 0 {
		fmt.Fprintf(command.ErrOrStderr(), "removed %s, left by a mkimage that was killed\n", strings.Join(removed, ", "))
	}
}

// invocation returns the command that runs the action.
func (f *runFlags) invocation(url string) string {
	if f.code != "" {
		return "mkimage invoke " + url + " --no-init --param name=Mike"
	}
	if f.empty {
		return "mkimage invoke " + url + " --init FILE --param name=Mike"
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
		tellOlder(command, dir, image)
		index, err := layout.Read(dir)
		if err != nil {
			return nil, err
		}
		return f.toEngine(ctx, engine, layout.Name(dir), index)
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
	return f.toEngine(ctx, engine, reference.Context().RepositoryStr(), index)
}

// toEngine loads the image of an index that the engine can run.
func (f *runFlags) toEngine(ctx context.Context, engine *container.Engine, title string, index v1.ImageIndex) (*container.Loaded, error) {
	image, _, err := layout.Pick(index)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", title, err)
	}
	config, err := image.ConfigFile()
	if err == nil {
		if err := plan.CheckServes(config); err != nil {
			return nil, fmt.Errorf("run %s: %w; run it with docker run", title, err)
		}
	}
	f.empty = err == nil && hasNoAction(config)
	return engine.Load(ctx, title, image)
}

// hasNoAction reports whether an image is made of layers of mkimage alone, and none is an action or from a step, which may
// put one there.
func hasNoAction(config *v1.ConfigFile) bool {
	return config.Config.Labels[plan.ActionLabel] == "" && !slices.ContainsFunc(content.OwnNames(config.History, len(config.RootFS.DiffIDs)), func(name string) bool {
		return name == "" || name == "action" || strings.HasPrefix(name, "run-")
	})
}

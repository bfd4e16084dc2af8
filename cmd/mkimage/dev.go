package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/container"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/dev"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
)

// devFlags are the flags of mkimage dev, as they were typed.
type devFlags struct {
	alpineFlags
	goFlags
	action, value, main, progress string
	local                         bool
	port                          int
}

func newDev(mode *progress.Mode) *cobra.Command {
	var flags devFlags
	command := &cobra.Command{
		Use:   "dev [NAME|DIR]",
		Short: "Keep an action running while it is edited",
		Long: `Build an image, start it on the Docker Engine, init it with its action, and run it with a value. Do so again after
every change of a file. The image is NAME, or the only one with an action in DIR/images, or in images here.

A changed function, script or archive is initialised in place. A changed Go program is compiled and replaced. A
changed definition is built anew.

Answers go to stdout. The action's log, times, and errors with file and line go to stderr. The value is in the file
--value, or beside the action: actions/greet.json for actions/greet.sh. The action keeps one address, for mkimage
invoke and curl.

Without a Docker Engine, or with --local, the proxy and the interpreters of this machine run the action. This works on
Linux, and lacks the packages and the limits of the image.

Ctrl-C ends it and leaves nothing.`,
		Example: `  mkimage dev
  mkimage dev greet --value event.json --port 8080
  mkimage dev bash --action greet.sh`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeNames,
		RunE:              func(command *cobra.Command, args []string) error { return flags.run(command, args, mode) },
	}
	set := command.Flags()
	flags.alpineFlags.add(set, "build")
	set.Lookup("platform").Hidden = true // it is this machine's
	set.StringVar(&flags.action, "action", "", "run the action in `PATH`, in place of the definition's")
	set.StringVar(&flags.main, "main", "", "call the function `NAME`, in place of the definition's")
	set.StringVar(&flags.value, "value", "", "run with the JSON in `FILE`; with the file beside the action when not given")
	set.BoolVar(&flags.local, "local", false, "start the proxy and the interpreter of this machine, without an engine")
	set.IntVar(&flags.port, "port", 0, "listen on port `N` of this machine; 0 is any that is free")
	flags.goFlags.add(set)
	set.StringVar(&flags.progress, "progress", string(progress.Auto), "show progress of builds in `MODE`: auto, plain, json or none")
	withVariable(set, "progress")
	return command
}

func (f *devFlags) run(command *cobra.Command, args []string, mode *progress.Mode) error {
	var err error
	if *mode, err = progress.ParseMode(f.progress); err != nil {
		return usage(command, err)
	}
	if f.port < 0 || f.port > 65535 {
		return usage(command, fmt.Errorf("--port %d: want a port from 0 to 65535", f.port))
	}
	if _, err := f.check(); err != nil {
		return usage(command, err)
	}
	named := args
	if len(args) > 0 {
		if stat, err := os.Stat(args[0]); err == nil && stat.IsDir() {
			f.images, named = filepath.Join(args[0], "images"), nil
			if own := filepath.Join(args[0], "stemcells"); f.stemcells == "" && isFolder(own) {
				f.stemcells = own
			}
		}
	}
	options := build.Options{Programs: build.Programs{GoTags: f.goTags, GoLDFlags: f.goLDFlags}}
	if options.Packages, options.Cache, err = f.open(); err != nil {
		return err
	}
	if options.Module, err = gobuild.Open(source.Files(), options.Cache); err != nil {
		return err
	}
	options.SBOM = sbom.None
	name, err := f.choose(command, options.Stemcells.Known(), named)
	if err != nil {
		return err
	}
	if _, err := f.define(options.Stemcells.Known(), name); err != nil {
		return err
	}
	_, done := insist() // so that a second interrupt leaves no container
	defer done()
	options.Display = progress.New(os.Stderr, *mode)
	defer options.Display.Close()
	screen := dev.NewScreen(colored(os.Stdout, command.OutOrStdout()), colored(os.Stderr, command.ErrOrStderr()))
	if !f.local {
		if err := answers(command, options.Cache); err != nil {
			fmt.Fprintf(command.ErrOrStderr(), "%v; until then, this machine runs the action itself, as with --local\n", err)
			f.local = true
		}
	}
	return dev.Run(command.Context(), dev.Options{
		Define: func() (images.Definition, error) { return f.define(options.Stemcells.Known(), name) },
		Build:  options, Value: f.value, Local: f.local, Port: f.port, Screen: screen,
	})
}

// colored returns a terminal that may show colours, or the writer that stands for the file otherwise.
func colored(file *os.File, otherwise io.Writer) dev.Out {
	if os.Getenv("NO_COLOR") != "" || !term.IsTerminal(int(file.Fd())) {
		return dev.Out{Writer: otherwise}
	}
	return dev.Out{Writer: file, Color: true}
}

// answers returns why no engine answers, or nil. It clears one that does.
func answers(command *cobra.Command, store cache.Dir) error {
	engine, err := container.Connect()
	if err != nil {
		return err
	}
	defer engine.Close()
	if _, _, err = engine.Version(command.Context()); err == nil {
		clearEngine(command, engine, store)
	}
	return err
}

func isFolder(path string) bool {
	stat, err := os.Stat(path)
	return err == nil && stat.IsDir()
}

// choose returns the name or file of the definition that is meant.
func (f *devFlags) choose(command *cobra.Command, known images.Stemcells, named []string) (string, error) {
	if len(named) > 0 {
		return named[0], nil
	}
	definitions, err := loadDefinitions(command, f.images, known)
	if err != nil {
		return "", err
	}
	var names []string
	for _, definition := range definitions {
		if definition.Action != "" || len(definitions) == 1 {
			names = append(names, definition.Name)
		}
	}
	switch len(names) {
	case 0:
		return "", usage(command, errors.New("no definition here brings an action: name one, and --action PATH"))
	case 1:
		return names[0], nil
	}
	return "", usage(command, fmt.Errorf("which of %s? name one", strings.Join(names, ", ")))
}

// define reads the definition.
func (f *devFlags) define(known images.Stemcells, name string) (images.Definition, error) {
	definitions, err := images.Load(definitionsIn(f.images), known, name)
	if err != nil {
		return images.Definition{}, err
	}
	definition := definitions[0]
	if f.action != "" {
		whole, err := filepath.Abs(f.action)
		if err != nil {
			return definition, err
		}
		definition.Action = whole
	} else if definition.Shipped && definition.Action != "" {
		return definition, fmt.Errorf("the action of %s is mkimage's own: copy it, or name yours with --action PATH", name)
	}
	if f.main != "" {
		definition.Main = f.main
	}
	return definition, nil
}

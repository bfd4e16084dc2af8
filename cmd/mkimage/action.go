package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/wsk"
)

func newAction(mode *progress.Mode) *cobra.Command {
	command := &cobra.Command{Use: "action", Short: "Make actions for an upload"}
	command.AddCommand(newActionBuild(mode))
	return command
}

// actionFlags are the flags of mkimage action build, as they were typed.
type actionFlags struct {
	goFlags
	output, platform, cacheDir, progress, stemcells string
	allowSecrets                                    []string
}

func newActionBuild(mode *progress.Mode) *cobra.Command {
	var flags actionFlags
	command := &cobra.Command{
		Use:   "build PATH",
		Short: "Pack an action for an upload; compile it if it is Go",
		Long: `Pack the action at PATH into a zip for "wsk action create", after the checks that the proxy makes of an upload.

A folder with Go files is a package: it is compiled, static and stripped, and packed as exec. Any other folder needs a
main file (main.sh, main.rb, main.py) or exec, and goes in whole, without .git and without the files in its
.dockerignore. A file may be a function, a program, a script, a zip or a tar.gz.

A file that looks like a secret is refused, unless --allow-secret-file or a line !NAME of .dockerignore names it. The
same content gives the same bytes on every machine.`,
		Example: `  mkimage action build ./hello -o hello.zip
  mkimage action build ./hello -o hello.zip --platform linux/arm64
  mkimage action build ./greet -o greet.zip
  wsk action create hello hello.zip --docker REPOSITORY/go`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error { return flags.run(command, args[0], mode) },
	}
	set := command.Flags()
	set.StringVarP(&flags.output, "output", "o", "", "write the zip to `FILE`; to NAME.zip, after the folder or file, when not given")
	set.StringArrayVar(&flags.allowSecrets, "allow-secret-file", nil, "pack the file `NAME`, though it looks like a secret, repeatable; NAME as the error says it")
	set.StringVar(&flags.stemcells, "stemcells", "", "take the stemcells in `DIR` beside mkimage's own; from stemcells if it is there")
	set.StringVar(&flags.platform, "platform", string(images.LinuxAMD64), "compile for `PLATFORM`, that of the image")
	flags.goFlags.add(set)
	set.StringVar(&flags.cacheDir, "cache-dir", "", "keep costly results in `DIR`; in mkimage of the user's cache folder when not given")
	set.StringVar(&flags.progress, "progress", string(progress.Auto), "show progress in `MODE`: auto, plain, json or none")
	withVariable(set, "allow-secret-file", "stemcells", "cache-dir", "progress")
	return command
}

func (f *actionFlags) run(command *cobra.Command, pkg string, mode *progress.Mode) error {
	var err error
	if *mode, err = progress.ParseMode(f.progress); err != nil {
		return usage(command, err)
	}
	platforms, err := images.ParsePlatforms(f.platform)
	if err != nil {
		return usage(command, fmt.Errorf("--platform: %w", err))
	}
	if len(platforms) != 1 {
		return usage(command, fmt.Errorf("--platform %s: an upload is for one platform", f.platform))
	}
	store, err := cache.Open(f.cacheDir)
	if err != nil {
		return err
	}
	store = store.Hold()
	module, err := gobuild.Open(source.Files(), store)
	if err != nil {
		return err
	}
	known, err := (&alpineFlags{stemcells: f.stemcells}).loadStemcells()
	if err != nil {
		return err
	}
	opened, err := action.Open(pkg, action.Options{Toolchain: module.Toolchain(), Tags: f.goTags, LDFlags: f.goLDFlags, Store: store,
		Stemcells: known, AllowSecrets: f.allowSecrets})
	if err != nil {
		return err
	}
	display := progress.New(os.Stderr, *mode)
	defer display.Close()
	step := display.Start(verb(opened) + " " + pkg + " for " + f.platform)
	packed, err := opened.Pack(command.Context(), platforms[0])
	if step.End(human.Bytes(packed.Size()), err) != nil {
		return err
	}
	if packed.Compiled && !packed.Serves {
		display.Text(pkg + " does not link the openwhisk library: it is started as a v1 action, which answers line by line")
	}
	return f.pack(pkg, packed, display)
}

// pack writes the zip.
func (f *actionFlags) pack(source string, baked action.Baked, display *progress.Display) error {
	place, err := filepath.Abs(source)
	if err != nil {
		return err
	}
	output := cmp.Or(f.output, baseOf(place)+".zip")
	packed, err := action.Zip(baked.Files, wsk.MostZip)
	if errors.Is(err, action.ErrTooLarge) {
		return wsk.TooLarge(source)
	}
	if err != nil {
		return err
	}
	if same(output, source) {
		return fmt.Errorf("%s would be written over itself: name another file with --output", source)
	}
	err = atomicfile.File(output, func(file *os.File) error {
		_, err := file.Write(packed)
		return err
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", output, human.Reason(err))
	}
	display.Text(output + "  " + human.Bytes(int64(len(packed))))
	return nil
}

// baseOf returns the name of a folder, or that of a file without its extensions.
func baseOf(place string) string {
	name := filepath.Base(place)
	if stat, err := os.Stat(place); err == nil && !stat.IsDir() {
		name = strings.TrimSuffix(strings.TrimSuffix(name, filepath.Ext(name)), ".tar")
	}
	return name
}

// same reports whether two names are those of one file.
func same(a, b string) bool {
	one, err := os.Stat(a)
	other, otherErr := os.Stat(b)
	return err == nil && otherErr == nil && os.SameFile(one, other)
}

// verb returns the word for packing an action.
func verb(of *action.Source) string {
	if of.IsGo() {
		return "compile"
	}
	return "pack"
}

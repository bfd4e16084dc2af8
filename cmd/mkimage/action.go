package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

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
	output, platform, goTags, goLDFlags, cacheDir, progress string
}

func newActionBuild(mode *progress.Mode) *cobra.Command {
	var flags actionFlags
	command := &cobra.Command{
		Use:   "build PKG",
		Short: "Compile a Go action and pack it for an upload",
		Long: `Compile the Go package in the folder PKG, static and stripped, and pack it as exec into a zip that
"wsk action create" takes. The same package gives the same bytes on every machine.`,
		Example: `  mkimage action build ./hello -o hello.zip
  mkimage action build ./hello -o hello.zip --platform linux/arm64
  wsk action create hello hello.zip --docker REPOSITORY/go`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error { return flags.run(command, args[0], mode) },
	}
	set := command.Flags()
	set.StringVarP(&flags.output, "output", "o", "", "write the zip to `FILE`; to NAME.zip, after the package's folder, when not given")
	set.StringVar(&flags.platform, "platform", string(images.LinuxAMD64), "compile for `PLATFORM`, that of the image")
	set.StringVar(&flags.goTags, "go-tags", "", "compile with the build tags in `LIST`")
	set.StringVar(&flags.goLDFlags, "go-ldflags", "", "give the linker `FLAGS` beside \"-s -w\"")
	set.StringVar(&flags.cacheDir, "cache-dir", "", "keep what is costly to make in `DIR`; in mkimage of the user's cache folder when not given")
	set.StringVar(&flags.progress, "progress", string(progress.Auto), "show progress in `MODE`: auto, plain, json or none")
	withVariable(set, "go-tags", "go-ldflags", "cache-dir", "progress")
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
	opened, err := action.Open(pkg, action.Options{Toolchain: module.Toolchain(), Tags: f.goTags, LDFlags: f.goLDFlags, Store: store})
	if err != nil {
		return err
	}
	display := progress.New(os.Stderr, *mode)
	defer display.Close()
	step := display.Start("compile " + pkg + " for " + f.platform)
	program, links, err := opened.Compile(command.Context(), platforms[0])
	if step.End(human.Bytes(int64(len(program))), err) != nil {
		return err
	}
	if !links {
		display.Text(pkg + " does not link the openwhisk library: it is started as a v1 action, which answers line by line")
	}
	return f.pack(pkg, program, display)
}

// pack writes the zip.
func (f *actionFlags) pack(pkg string, program []byte, display *progress.Display) error {
	packed, err := action.Zip(program)
	if err != nil {
		return err
	}
	folder, err := filepath.Abs(pkg)
	if err != nil {
		return err
	}
	output := cmp.Or(f.output, filepath.Base(folder)+".zip")
	if err := wsk.CheckUpload(output, len(packed)); err != nil {
		return err
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

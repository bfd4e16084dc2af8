package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

func newLock(mode *progress.Mode) *cobra.Command {
	var flags alpineFlags
	command := &cobra.Command{
		Use:   "lock [NAME|FILE]...",
		Short: "Pin the Alpine packages of images",
		Long: `Find the Alpine packages of images as the mirror has them now, and write them to NAME.lock.json beside each
definition: every package with version, checksum, repository and the key that signed the index, for each platform.
All definitions with base alpine when none is named.

A build goes by the lock where it fits the definition; with --locked it must. A lock whose packages are in the cache
needs no network. Alpine removes old versions from its mirrors: "mkimage vendor" keeps the locked ones.

The locks' files are printed on stdout, what moved on stderr.`,
		Example:           "  mkimage lock bash\n  mkimage build bash --locked",
		ValidArgsFunction: completeNames,
		RunE: func(command *cobra.Command, args []string) error {
			definitions, packages, err := flags.load(command, args)
			if err != nil {
				return err
			}
			display := progress.New(os.Stderr, *mode)
			files, err := build.Lock(command.Context(), definitions, packages, display)
			display.Close()
			for _, file := range files {
				fmt.Fprintln(command.OutOrStdout(), file)
			}
			return err
		},
	}
	flags.add(command.Flags(), "lock")
	return command
}

// load reads the definitions of a command that only has these flags, and opens the places that they name.
func (f *alpineFlags) load(command *cobra.Command, args []string) ([]images.Definition, build.Packages, error) {
	platforms, err := f.check()
	if err != nil {
		return nil, build.Packages{}, usage(command, err)
	}
	packages, _, err := f.open()
	if err != nil {
		return nil, packages, err
	}
	definitions, err := loadDefinitions(command, f.images, packages.Stemcells.Known(), args...)
	if err != nil {
		return nil, packages, err
	}
	definitions, err = build.Restrict(definitions, platforms)
	return definitions, packages, err
}

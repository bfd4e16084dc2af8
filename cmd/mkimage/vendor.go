package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

func newVendor(mode *progress.Mode) *cobra.Command {
	var flags alpineFlags
	command := &cobra.Command{
		Use:   "vendor DIR [NAME|FILE]...",
		Short: "Copy the pinned Alpine packages into a folder that serves as a mirror",
		Long: `Copy the locked Alpine packages of images, and the signed indexes that list them, into a folder. Without a name, copy
those of all definitions with base alpine. With --alpine-mirror, the folder serves as a mirror, also when Alpine no
longer has these packages. Builds from it have the same digests.`,
		Example:           "  mkimage lock\n  mkimage vendor packages\n  mkimage build --locked --alpine-mirror packages",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeVendor,
		RunE: func(command *cobra.Command, args []string) error {
			definitions, packages, err := flags.load(command, args[1:])
			if err != nil {
				return err
			}
			display := progress.New(os.Stderr, *mode)
			err = build.Vendor(command.Context(), args[0], definitions, packages, display)
			display.Close()
			if err == nil {
				fmt.Fprintln(command.OutOrStdout(), args[0])
			}
			return err
		},
	}
	flags.add(command.Flags(), "copy")
	return command
}

// completeVendor completes a folder, then names.
func completeVendor(command *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return completeNames(command, args, word)
}

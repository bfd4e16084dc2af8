package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version of mkimage",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			_, err := io.WriteString(command.OutOrStdout(), versionLine())
			return err
		},
	}
}

// versionLine returns the version, and what it was compiled with.
func versionLine() string {
	return fmt.Sprintf("mkimage %s, %s, %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// version returns the version that the linker has written down.
func version() string {
	version := "(devel)"
	if build, ok := debug.ReadBuildInfo(); ok {
		version = cmp.Or(build.Main.Version, version)
	}
	return version
}

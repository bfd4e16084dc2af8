package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild/carried"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/release"
)

func newVersion() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "version",
		Short: "Show the version of mkimage",
		Long: `Show the version of mkimage, the version of Go that compiled it, and the platform.

--json also has the commit and the origin of the proxy: "carried" in a release, or "compiled" with the go command
here.`,
		Example: `  mkimage version
  mkimage version --json`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if asJSON {
				encoder := json.NewEncoder(command.OutOrStdout())
				encoder.SetIndent("", "  ")
				return encoder.Encode(about())
			}
			_, err := io.WriteString(command.OutOrStdout(), versionLine())
			return err
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// versionLine returns the version, the compiler and the platform.
func versionLine() string {
	return fmt.Sprintf("mkimage %s, %s, %s/%s\n", release.Number(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// aboutMkimage is the output of version --json.
type aboutMkimage struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"` // the tree of the commit had changes
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Proxy    string `json:"proxy"` // carried or compiled
}

func about() aboutMkimage {
	made := aboutMkimage{
		Version: release.Number(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Proxy: "compiled",
	}
	made.Commit, made.Modified = release.Revision()
	if carried.Count() > 0 {
		made.Proxy = "carried"
	}
	return made
}

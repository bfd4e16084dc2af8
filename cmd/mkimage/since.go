package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/affected"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/git"
)

// sinceFlags are the flags that choose images by a change, as they were typed.
type sinceFlags struct {
	since  string
	shared []string
}

func (f *sinceFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.since, "since", "", "only images that differ from what git has at `REV`, such as origin/main")
	set.StringArrayVar(&f.shared, "shared", nil, "with --since, all images are made with the file or folder `PATH`, repeatable")
}

func (f *sinceFlags) check() error {
	if len(f.shared) > 0 && f.since == "" {
		return errors.New("--shared is for --since")
	}
	return nil
}

// touched returns the definitions that a change since --since affects. stemcells is the folder of --stemcells.
func (f *sinceFlags) touched(command *cobra.Command, stemcells string, definitions []images.Definition) ([]images.Definition, error) {
	ctx := command.Context()
	base, err := git.Since(ctx, f.since)
	if err != nil {
		return nil, err
	}
	if !base.Known() {
		fmt.Fprintf(command.ErrOrStderr(), "%s is not in this clone: every image counts as touched\n", f.since)
		return definitions, nil
	}
	change, err := affected.Since(ctx, base)
	if err != nil {
		return nil, err
	}
	change.Stemcells, change.Shared = stemcells, f.shared
	return affected.Images(ctx, definitions, change)
}

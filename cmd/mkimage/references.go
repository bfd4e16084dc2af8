package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// referenceFlags are the flags of mkimage sizes add and remove, as they were typed.
type referenceFlags struct {
	registryFlags
	images, platform string
}

func newSizesAdd() *cobra.Command {
	var flags referenceFlags
	command := &cobra.Command{
		Use:   "add NAME=IMAGE...",
		Short: "Measure images as references to compare with",
		Long: `Measure images of anybody, and put them into the checked-in size record as references for pictures and tables: docker,
compressed and tar size, with digest, platform and source. A reference of the same NAME is replaced.

` + anImage,
		Example: `  mkimage sizes add python-slim=docker.io/library/python:3.12-slim
  mkimage sizes add ours=daemon:example/ours:1 --platform linux/arm64`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error { return flags.add(command, args) },
	}
	set := command.Flags()
	set.StringVar(&flags.images, "images", "images", "the record is sizes.json in `DIR`")
	set.StringVar(&flags.platform, "platform", "", "measure the image for `PLATFORM`; linux/amd64, or the only one, when not given")
	withVariable(set, "images")
	flags.registryFlags.add(set)
	return command
}

func newSizesRemove() *cobra.Command {
	var flags referenceFlags
	command := &cobra.Command{
		Use:               "remove NAME...",
		Short:             "Take measured references out of the size record",
		Long:              `Remove references that mkimage sizes add has measured from the checked-in size record. Quoted references stay.`,
		Example:           `  mkimage sizes remove python-slim`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: flags.complete,
		RunE: func(command *cobra.Command, args []string) error {
			return flags.edit(command, func(r sizes.Record) (sizes.Record, error) { return r.Forget(args...) })
		},
	}
	command.Flags().StringVar(&flags.images, "images", "images", "the record is sizes.json in `DIR`")
	withVariable(command.Flags(), "images")
	return command
}

func (f *referenceFlags) add(command *cobra.Command, args []string) error {
	store, _ := cache.Open("") // without one, layers are read anew
	var measured []sizes.Reference
	for _, arg := range args {
		name, image, is := strings.Cut(arg, "=")
		if !is || name == "" || image == "" {
			return usage(command, fmt.Errorf("%q: write NAME=IMAGE, such as python-slim=docker.io/library/python:3.12-slim", arg))
		}
		if _, err := (sizes.Record{}).Refer(sizes.Reference{Name: name}); err != nil {
			return usage(command, err)
		}
		one, err := f.measure(command, name, image, store)
		if err != nil {
			return err
		}
		measured = append(measured, one)
	}
	return f.edit(command, func(r sizes.Record) (record sizes.Record, err error) {
		for _, one := range measured {
			if r, err = r.Refer(one); err != nil {
				return r, err
			}
		}
		return r, nil
	})
}

func (f *referenceFlags) measure(command *cobra.Command, name, image string, store cache.Dir) (sizes.Reference, error) {
	from, err := anywhere(command, &f.registryFlags, f.images, image)
	if err != nil {
		return sizes.Reference{}, err
	}
	defer from.close()
	one, err := from.pick(f.platform)
	if err != nil {
		return sizes.Reference{}, err
	}
	row, err := sizes.Measure(name, one.platform, one.image, nil, store)
	return sizes.Measured(name, from.source, row), err
}

func (f *referenceFlags) edit(command *cobra.Command, change func(sizes.Record) (sizes.Record, error)) error {
	path := filepath.Join(f.images, "sizes.json")
	changed, err := sizes.Edit(path, change)
	if err != nil {
		return err
	}
	tellChange(command, path, changed)
	return nil
}

// tellChange says whether a file has been written.
func tellChange(command *cobra.Command, path string, changed bool) {
	word := "unchanged"
	if changed {
		word = "updated"
	}
	fmt.Fprintf(command.ErrOrStderr(), "%s %s\n", path, word)
}

func (f *referenceFlags) complete(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	record, _ := sizes.Read(filepath.Join(f.images, "sizes.json")) // one that cannot be read has no names
	var names []string
	for _, reference := range record.References {
		if !reference.Quoted() {
			names = append(names, reference.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

func newCheck() *cobra.Command {
	var flags alpineFlags
	command := &cobra.Command{
		Use:   "check [NAME|FILE]...",
		Short: "Check definitions, locks and the size record, and build nothing",
		Long: `Check definitions without building: can they be read, are their stemcells and actions there, do their locks fit? Check
as well that the checked-in size record can be read, and that no image in it is over its budget. Without a name, all
definitions of this folder are checked. No network is needed. An image without a lock or a record is fine, and is
mentioned.`,
		Example:           "  mkimage check\n  mkimage check greet",
		ValidArgsFunction: completeNames,
		RunE:              func(command *cobra.Command, args []string) error { return runCheck(command, &flags, args) },
	}
	flags.add(command.Flags(), "check")
	return command
}

func runCheck(command *cobra.Command, flags *alpineFlags, args []string) error {
	definitions, packages, err := flags.load(command, args)
	if err != nil {
		return err
	}
	record, err := checkedRecord(flags.images)
	var mistakes []error
	if err != nil {
		mistakes = append(mistakes, err)
	}
	for _, in := range build.Check(definitions, build.Options{Packages: packages}) {
		budget := overBudget(record, in.Definition)
		mistakes = append(mistakes, in.Mistakes...)
		if budget != nil {
			mistakes = append(mistakes, budget)
		}
		if len(in.Mistakes) > 0 || budget != nil {
			continue
		}
		said := []string{"ok"}
		if in.Release != "" && in.Lock == "" {
			said = append(said, "no lock: its packages are the newest of "+in.Release+" (mkimage lock "+in.Definition.Name+" pins them)")
		}
		if !slices.ContainsFunc(record.Images, func(row sizes.Image) bool { return row.Name == in.Definition.Name }) {
			said = append(said, "no size is recorded")
		}
		fmt.Fprintf(command.OutOrStdout(), "%s: %s\n", in.Definition.Name, strings.Join(said, "; "))
	}
	return errors.Join(mistakes...)
}

// overBudget returns an error if the record has the image with more than its definition allows.
func overBudget(record sizes.Record, definition images.Definition) error {
	var mistakes []error
	for _, over := range record.Check(map[string]int64{definition.Name: int64(definition.Budget)}) {
		mistakes = append(mistakes, errors.New(over.String()))
	}
	return errors.Join(mistakes...)
}

// checkedRecord reads the checked-in size record; none is an empty one.
func checkedRecord(dir string) (sizes.Record, error) {
	if dir == "" {
		dir = "images"
	}
	path := filepath.Join(dir, "sizes.json")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return sizes.Record{}, nil
	}
	return sizes.Read(path)
}

// dryRun lists the images that would be built, with their inputs and outputs.
func (f *buildFlags) dryRun(command *cobra.Command, definitions []images.Definition, options build.Options) error {
	definitions, err := build.Restrict(definitions, options.Platforms)
	if err != nil {
		return err
	}
	out := command.OutOrStdout()
	var mistakes []error
	for _, in := range build.Check(definitions, options) {
		mistakes = append(mistakes, in.Mistakes...)
		fmt.Fprintf(out, "%s  %s\n", in.Definition.Name, strings.ReplaceAll(platforms(in.Definition), ",", ", "))
		fmt.Fprintf(out, "  definition  %s\n", from(in.Definition))
		switch {
		case in.Lock != "":
			fmt.Fprintf(out, "  packages    %d of the lock %s\n", in.Packages, in.Lock)
		case in.Release != "":
			fmt.Fprintf(out, "  packages    the newest of %s, of %s\n", in.Release, options.Alpine.Where())
		}
		for _, step := range in.Definition.Run {
			fmt.Fprintf(out, "  step        %s\n", strings.SplitN(strings.TrimSpace(step.Script), "\n", 2)[0])
		}
		for _, place := range slices.Sorted(maps.Keys(in.Definition.Files)) {
			fmt.Fprintf(out, "  file        %s, from %s\n", place, in.Definition.Files[place])
		}
		if len(in.Definition.Entrypoint) > 0 {
			fmt.Fprintf(out, "  entrypoint  %s\n", strings.Join(in.Definition.Entrypoint, " "))
		}
		if in.Action != "" {
			fmt.Fprintf(out, "  action      %s\n", in.Action)
		}
		if options.Proxy != "" {
			fmt.Fprintf(out, "  proxy       %s\n", options.Proxy)
		}
		for _, output := range options.Outputs {
			fmt.Fprintf(out, "  output      %s\n", output.For(in.Definition.Name))
		}
	}
	fmt.Fprintf(command.ErrOrStderr(), "nothing was built; without --dry-run, %s would be\n", human.Count(len(definitions), "image"))
	return errors.Join(mistakes...)
}

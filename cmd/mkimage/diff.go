package main

import (
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/compare"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// diffFlags are the flags of mkimage diff, as they were typed.
type diffFlags struct {
	registryFlags
	images, format string
	platforms      []string
	json, exitCode bool
}

func newDiff() *cobra.Command {
	var flags diffFlags
	command := &cobra.Command{
		Use:   "diff A B",
		Short: "Show how two images differ",
		Long: `Show how two images differ on each platform: layers, packages with their versions, files with mode and owner, and
config. A size with a sign is the difference of the second image to the first.

` + anImage,
		Example: `  mkimage diff bash registry.example.org/actions/bash:main
  mkimage diff old.tar daemon:example/new:1 --format markdown
  mkimage diff dist/a dist/b --exit-code`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: completeNames,
		RunE:              func(command *cobra.Command, args []string) error { return flags.run(command, args[0], args[1]) },
	}
	set := command.Flags()
	set.StringVar(&flags.images, "images", "", "take definitions from `DIR`; from images when not given")
	set.StringVar(&flags.format, "format", "text", "write in `FORMAT`: text, markdown or json")
	set.BoolVar(&flags.json, "json", false, "the same as --format json")
	set.StringSliceVar(&flags.platforms, "platform", nil, "compare only these platforms, a `LIST` with commas")
	set.BoolVar(&flags.exitCode, "exit-code", false, "end with status 1 when the images differ")
	withVariable(set, "images")
	flags.registryFlags.add(set)
	_ = command.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(compare.Formats(), cobra.ShellCompDirectiveNoFileComp)) // the flag is there, and has none
	return command
}

func (f *diffFlags) run(command *cobra.Command, a, b string) error {
	if f.json && command.Flags().Changed("format") && f.format != "json" {
		return usage(command, errors.New("--json and --format are two ways to say one thing: choose one"))
	}
	if f.json {
		f.format = "json"
	}
	if _, err := suggest.OneOf(f.format, compare.Formats()...); err != nil {
		return usage(command, fmt.Errorf("--format: %w", err))
	}
	from, err := f.side(command, a)
	if err != nil {
		return err
	}
	defer from.close()
	to, err := f.side(command, b)
	if err != nil {
		return err
	}
	defer to.close()
	store, _ := cache.Open("") // without one, layers are read anew
	report, err := compare.Images(from.Side, to.Side, store)
	if err != nil {
		return err
	}
	if err := report.Write(command.OutOrStdout(), f.format, terminal.Of(command.OutOrStdout())); err != nil {
		return err
	}
	if f.exitCode && !report.Same {
		return fmt.Errorf("%s and %s differ", report.A, report.B)
	}
	return nil
}

// side is an image to compare; close ends the connection that it is read through.
type side struct {
	compare.Side
	close func()
}

// side finds an image and its platforms.
func (f *diffFlags) side(command *cobra.Command, text string) (side, error) {
	from, err := anywhere(command, &f.registryFlags, f.images, text)
	if err != nil {
		return side{}, err
	}
	all, err := from.platforms()
	if err != nil {
		from.close()
		return side{}, err
	}
	one := side{compare.Side{Name: text, Platforms: all}, from.close}
	if len(f.platforms) > 0 {
		chosen := map[string]v1.Image{}
		for _, platform := range f.platforms {
			image, is := one.Platforms[platform]
			if !is {
				from.close()
				return side{}, fmt.Errorf("%s has no image for %s", text, platform)
			}
			chosen[platform] = image
		}
		one.Platforms = chosen
	}
	return one, nil
}

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/picture"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// sizesFlags are the flags of mkimage sizes, as they were typed.
type sizesFlags struct {
	registryFlags
	images, sizeRecord, format, as, against, remote string
	maxGrowth                                       string
	update, check, past, allFiles                   bool
}

func newSizes() *cobra.Command {
	var flags sizesFlags
	command := &cobra.Command{
		Use:   "sizes [NAME]...",
		Short: "Show the size record",
		Long: `Show the sizes of images beside the images that people use today. They come from the checked-in size record,
sizes.json among the definitions. The newest build counts in its place: where dist/sizes.json is newer and differs,
the row has a +. With --size-record FILE, only the rows of FILE are shown.

--update copies the sizes of the last builds into the checked-in record. An image that was built with --action,
--proxy or another Alpine release needs --as NAME; tables mark it.

--against REV shows the differences to the record in git, at the last common commit with REV.

--remote REF shows the record that is attached to an image in a registry, without a pull.

--check fails when an image is larger than the budget of its definition. With --max-growth it also fails when the
docker size has grown by more than that, since --against or since the checked-in record, and names the packages that
grew.

--history shows the sizes over the commits up to HEAD, and the packages that moved.

The format svg is a picture. badge is JSON for a badge of one image (shields.io, endpoint). html is a page in one
file: bars, a map of each image down to files and Go packages, a table, and the history.`,
		Example: `  mkimage sizes --format markdown
  mkimage sizes --update
  mkimage sizes --update bash --as bash-v3.19
  mkimage sizes --remote registry.example.org/actions/bash:1
  mkimage sizes --format svg >docs/sizes.svg
  mkimage sizes --format html >sizes.html
  mkimage sizes bash --history
  mkimage sizes --check --max-growth 2%
  mkimage sizes --check --against origin/main --size-record dist/sizes.json --format markdown`,
		ValidArgsFunction: completeNames,
		RunE:              func(command *cobra.Command, args []string) error { return flags.run(command, args) },
	}
	set := command.Flags()
	set.StringVar(&flags.images, "images", "images", "take definitions, and the checked-in record sizes.json, from `DIR`")
	set.StringVar(&flags.sizeRecord, "size-record", "", "show `FILE`, or take it over with --update")
	set.StringVar(&flags.remote, "remote", "", "show the record that is attached to the image `REF` in a registry")
	set.StringVar(&flags.format, "format", "table", "write in `FORMAT`: table, markdown, json, csv, svg, html or badge")
	set.BoolVar(&flags.update, "update", false, "take the last builds' sizes over into the checked-in record")
	set.StringVar(&flags.as, "as", "", "with --update, take one image over as `NAME`")
	set.StringVar(&flags.against, "against", "", "show the difference to the checked-in record that git has at `REV`, such as origin/main")
	set.BoolVar(&flags.check, "check", false, "fail when an image is over its budget")
	set.StringVar(&flags.maxGrowth, "max-growth", "", "with --check, fail when an image has grown by more than `LIMIT`, such as 2% or 100kB")
	set.BoolVar(&flags.allFiles, "all-files", false, "with --format html, have every file in the page, not the largest alone")
	set.BoolVar(&flags.past, "history", false, "show how sizes have changed over the commits that lead to HEAD")
	withVariable(set, "images", "size-record")
	flags.registryFlags.add(set)
	_ = command.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats(), cobra.ShellCompDirectiveNoFileComp)) // the flag is there, and has none
	command.AddCommand(newSizesAdd(), newSizesRemove())
	return command
}

func (f *sizesFlags) run(command *cobra.Command, args []string) error {
	if f.against != "" {
		if err := f.checkAgainst(); err != nil {
			return usage(command, err)
		}
	}
	allowed := formats()
	if f.past {
		allowed = append(sizes.HistoryFormats(), "svg")
	}
	if _, err := suggest.OneOf(f.format, allowed...); err != nil {
		return usage(command, fmt.Errorf("--format: %w", err))
	}
	growth, err := f.growth()
	if err != nil {
		return usage(command, fmt.Errorf("--max-growth: %w", err))
	}
	switch {
	case f.past && (f.update || f.check || f.against != "" || f.remote != "" || f.sizeRecord != ""):
		return usage(command, errors.New("--history is of the checked-in record in git, and goes with --format and --images alone"))
	case f.past:
		return f.showHistory(command, args)
	case f.as != "" && !f.update:
		return usage(command, errors.New("--as is only for --update"))
	case f.remote != "" && (f.update || f.sizeRecord != ""):
		return usage(command, errors.New("--remote is instead of a file: leave out --update and --size-record"))
	case f.check && f.update:
		return usage(command, errors.New("--check and --update are two things: choose one"))
	case f.update:
		return f.takeOver(command, args)
	}
	record, err := f.shown(command)
	if err != nil {
		return err
	}
	if record, err = record.Only(args...); err != nil {
		return err
	}
	var grown []string
	if f.against != "" || f.maxGrowth != "" {
		comparison, err := f.comparison(command, record)
		if err != nil {
			return err
		}
		if f.maxGrowth != "" {
			grown = comparison.Grown(growth)
		}
		if f.against != "" {
			if err := comparison.Render(command.OutOrStdout(), f.format); err != nil {
				return err
			}
		}
	}
	if f.check {
		return f.compare(command, record, grown)
	}
	if f.against != "" {
		return nil
	}
	if len(record.Images) == 0 {
		fmt.Fprintln(command.ErrOrStderr(), "no image is in the size record yet; build one with: mkimage build scratch")
	}
	switch f.format {
	case "svg":
		return picture.SVG(command.OutOrStdout(), record)
	case "html":
		return f.showPage(command, record)
	}
	out := command.OutOrStdout()
	if f.format == "table" {
		out = terminal.Fit(out, os.Stdout)
	}
	return record.Render(out, f.format)
}

// formats returns the formats of mkimage sizes.
func formats() []string { return append(sizes.Formats(), "svg", "html") }

// growth reads --max-growth.
func (f *sizesFlags) growth() (sizes.Growth, error) {
	if f.maxGrowth == "" {
		return sizes.Growth{}, nil
	}
	if !f.check {
		return sizes.Growth{}, errors.New("it is for --check")
	}
	return sizes.ParseGrowth(f.maxGrowth, func(text string) (int64, error) {
		size, err := images.ParseSize(text)
		return int64(size), err
	})
}

// compare fails when a row is over the budget of its definition, or has grown too much.
func (f *sizesFlags) compare(command *cobra.Command, record sizes.Record, grown []string) error {
	own, shipped, err := loadWithShipped(command, f.images)
	if err != nil {
		return err
	}
	budgets := map[string]int64{}
	for _, definition := range append(shipped, own...) {
		budgets[definition.Name] = int64(definition.Budget)
	}
	var over []error
	for _, row := range record.Check(budgets) {
		over = append(over, errors.New(row.String()))
	}
	for _, line := range grown {
		over = append(over, errors.New(line))
	}
	return errors.Join(over...)
}

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/git"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// checkAgainst says whether the format is one of a comparison.
func (f *sizesFlags) checkAgainst() error {
	if f.update {
		return fmt.Errorf("--against and --update are two things: choose one")
	}
	if _, err := suggest.OneOf(f.format, sizes.ComparisonFormats()...); err != nil {
		return fmt.Errorf("--against with --format: %w", err)
	}
	return nil
}

// comparison compares a record with the checked-in one: as git has it where a change began, or without --against as it
// is.
func (f *sizesFlags) comparison(command *cobra.Command, record sizes.Record) (sizes.Comparison, error) {
	former, err := f.former(command)
	return record.Against(former), err
}

func (f *sizesFlags) former(command *cobra.Command) (former sizes.Record, err error) {
	if f.against == "" {
		return sizes.Read(f.checkedIn())
	}
	base, err := git.Since(command.Context(), f.against)
	if err != nil {
		return former, err
	}
	text, err := base.File(command.Context(), f.checkedIn())
	if err != nil {
		return former, err
	}
	switch {
	case !base.Known():
		fmt.Fprintf(command.ErrOrStderr(), "%s is not in this clone: every image counts as new\n", f.against)
	case text == nil:
		fmt.Fprintf(command.ErrOrStderr(), "%s has no %s: every image counts as new\n", f.against, f.checkedIn())
	default:
		if former, err = sizes.Parse(text); err != nil {
			return former, fmt.Errorf("read %s of %s: %w", f.checkedIn(), f.against, err)
		}
	}
	return former, nil
}

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

// showAgainst compares a record with the checked-in one as git has it where a change began.
func (f *sizesFlags) showAgainst(command *cobra.Command, record sizes.Record) error {
	base, err := git.Since(command.Context(), f.against)
	if err != nil {
		return err
	}
	text, err := base.File(command.Context(), f.checkedIn())
	if err != nil {
		return err
	}
	var former sizes.Record
	switch {
	case !base.Known():
		fmt.Fprintf(command.ErrOrStderr(), "%s is not in this clone: every image counts as new\n", f.against)
	case text == nil:
		fmt.Fprintf(command.ErrOrStderr(), "%s has no %s: every image counts as new\n", f.against, f.checkedIn())
	default:
		if former, err = sizes.Parse(text); err != nil {
			return fmt.Errorf("read %s of %s: %w", f.checkedIn(), f.against, err)
		}
	}
	return record.Against(former).Render(command.OutOrStdout(), f.format)
}

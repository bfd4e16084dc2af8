package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/git"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/picture"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// history returns the lines of the named images, or of all, in the commits that lead to HEAD.
func (f *sizesFlags) history(command *cobra.Command, names []string) ([]sizes.Line, error) {
	found, shallow, err := git.Versions(command.Context(), f.checkedIn())
	if err != nil {
		return nil, err
	}
	if shallow {
		fmt.Fprintln(command.ErrOrStderr(), "this clone is shallow, and older commits are not in it: git fetch --unshallow")
	}
	var versions []sizes.Version
	for _, v := range found {
		if v.Text == nil {
			continue
		}
		record, err := sizes.Parse(v.Text)
		if err != nil {
			fmt.Fprintf(command.ErrOrStderr(), "left out: %s of %.7s: %v\n", f.checkedIn(), v.Commit, err)
			continue
		}
		versions = append(versions, sizes.Version{Commit: v.Commit[:7], Date: v.Date, Subject: v.Subject, Record: record})
	}
	lines := sizes.History(versions)
	if len(names) > 0 {
		for _, name := range names {
			if !slices.ContainsFunc(lines, func(l sizes.Line) bool { return l.Name == name }) {
				return nil, fmt.Errorf("no image %q in the history of %s", name, f.checkedIn())
			}
		}
		lines = slices.DeleteFunc(lines, func(l sizes.Line) bool { return !slices.Contains(names, l.Name) })
	}
	return lines, nil
}

// showHistory writes the history in the format that was asked for.
func (f *sizesFlags) showHistory(command *cobra.Command, names []string) error {
	lines, err := f.history(command, names)
	if err != nil {
		return err
	}
	if f.format == "svg" {
		return picture.History(command.OutOrStdout(), lines)
	}
	if len(lines) == 0 && f.format != "json" {
		return errors.New("no commit that leads to HEAD has " + f.checkedIn())
	}
	return sizes.RenderHistory(command.OutOrStdout(), lines, f.format)
}

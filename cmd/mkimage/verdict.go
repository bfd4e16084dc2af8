package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/verify"
)

// The exit status of a command that has an answer which is no failure.
const (
	statusDifferent = 1
	statusUnknown   = 3
)

// statusError ends mkimage with another exit status than 1.
type statusError struct {
	error
	status int
}

// orUnknown gives a failure that is no answer the status of an image that cannot be verified: 1 would say that it differs.
func orUnknown(err error) error {
	var mistake *usageError
	var answer *statusError
	if err == nil || errors.As(err, &mistake) || errors.As(err, &answer) {
		return err
	}
	return &statusError{err, statusUnknown}
}

// statedSource is the first line: what an equal digest would prove.
func statedSource(r verify.Result) string {
	text := "stated source: "
	switch {
	case r.Repository != "" && r.Commit != "":
		text += r.Repository + " at " + r.Commit
	case r.Commit != "":
		text += "commit " + r.Commit + " of a repository without a public address"
	case r.Repository != "":
		text += r.Repository + ", at an unknown commit"
	default:
		text += "none"
	}
	return text + ", " + r.Definition + ", built by " + r.Mkimage
}

// answer writes the result, and returns its exit status as an error.
func (f *verifyFlags) answer(command *cobra.Command, result verify.Result) error {
	if f.json {
		encoder := json.NewEncoder(command.OutOrStdout())
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(result); err != nil {
			return err
		}
	}
	switch result.Verdict {
	case verify.Equal:
		if !f.json {
			fmt.Fprintf(command.OutOrStdout(), "equal: %s, built again with the same digest\n", result.Reference)
		}
		return nil
	case verify.Different:
		return &statusError{fmt.Errorf("%s differs from what its source gives (%s): %s", result.Reference, result.Rebuilt, result.Difference), statusDifferent}
	}
	return &statusError{fmt.Errorf("%s cannot be verified: %s", result.Reference, result.Reason), statusUnknown}
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// inspectFlags are the flags of mkimage inspect, as they were typed.
type inspectFlags struct {
	registryFlags
	images, show, format string
	json, allFiles       bool
}

func newInspect() *cobra.Command {
	var flags inspectFlags
	command := &cobra.Command{
		Use:   "inspect NAME|PATH|REF",
		Short: "Show where the bytes of an image are",
		Long: `Show where the bytes of an image are: its layers, their packages and files, and the Go packages in programs, the
largest first, as wide as the terminal. Also show hidden files, duplicates, setuid files, odd owners and modes, and
the image's attachments. --json writes all of it.

The image is NAME, built to dist/NAME; an OCI layout or an archive of docker save at PATH; daemon:NAME on the Docker Engine;
or REF in a registry.

No layer of an image in a registry is pulled. Its sizes, packages and files come from the attached size record and
SBOM. Without these, they are unknown.`,
		Example: `  mkimage inspect bash
  mkimage inspect bash --format html >bash.html
  mkimage inspect saved.tar
  mkimage inspect registry.example.org/actions/bash:1 --json
  mkimage inspect registry.example.org/actions/bash:1 --show provenance`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeNames,
		RunE:              func(command *cobra.Command, args []string) error { return flags.run(command, args[0]) },
	}
	set := command.Flags()
	set.StringVar(&flags.images, "images", "", "take definitions from `DIR`; from images when not given")
	set.BoolVar(&flags.json, "json", false, "write all that is known, as JSON; the same as --format json")
	set.StringVar(&flags.format, "format", "text", "write in `FORMAT`: text, json or html, a page in one file")
	set.BoolVar(&flags.allFiles, "all-files", false, "with --format html, have every file in the page, not the largest alone")
	set.StringVar(&flags.show, "show", "", "write an attachment of REF as it is: sbom, sizes or provenance")
	withVariable(set, "images")
	_ = command.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json", "html"}, cobra.ShellCompDirectiveNoFileComp)) // the flag is there, and has none
	flags.registryFlags.add(set)
	return command
}

func (f *inspectFlags) run(command *cobra.Command, image string) error {
	var kinds []string
	for _, kind := range referrers.Kinds() {
		kinds = append(kinds, string(kind))
	}
	if f.show != "" {
		if _, err := suggest.OneOf(f.show, kinds...); err != nil {
			return usage(command, fmt.Errorf("--show: %w", err))
		}
	}
	if _, err := suggest.OneOf(f.format, "text", "json", "html"); err != nil {
		return usage(command, fmt.Errorf("--format: %w", err))
	}
	switch {
	case f.json && command.Flags().Changed("format") && f.format != "json":
		return usage(command, errors.New("--json and --format are two ways to say one thing: choose one"))
	case f.json:
		f.format = "json"
	case f.show != "" && f.format != "text":
		return usage(command, errors.New("--show and --format are two things: choose one"))
	}
	if f.show != "" && f.json {
		return usage(command, errors.New("--show and --json are two things: choose one"))
	}
	if dir, found := layout.Find(image); found {
		if f.show != "" {
			return usage(command, fmt.Errorf("--show is for what is attached in a registry, and %s is a folder", dir))
		}
		tellOlder(command, dir, image)
		report, err := inspect.Layout(dir)
		if err != nil {
			return err
		}
		return f.write(command, report)
	}
	if isFileOrEngine(image) {
		if f.show != "" {
			return usage(command, fmt.Errorf("--show is for what is attached in a registry, and %s is in none", image))
		}
		from, err := anywhere(command, &f.registryFlags, f.images, image)
		if err != nil {
			return err
		}
		defer from.close()
		report, err := inspect.Index(from.name, from.index)
		if err != nil {
			return err
		}
		return f.write(command, report)
	}
	return f.remote(command, image)
}

func (f *inspectFlags) remote(command *cobra.Command, image string) error {
	if err := layout.NotHere(image, knownNames(f.images)); err != nil {
		return err
	}
	client, err := f.open(command, image)
	if err != nil {
		return err
	}
	defer client.Close()
	reference, err := client.Reference(image)
	if err != nil {
		return fmt.Errorf("%q is neither a folder nor a reference: %w", image, err)
	}
	if f.show == "" {
		report, err := inspect.Remote(command.Context(), client, reference)
		if err != nil {
			return err
		}
		return f.write(command, report)
	}
	text, warnings, err := inspect.Document(command.Context(), client, reference, referrers.Kind(f.show))
	warn(command, warnings)
	if err != nil {
		return err
	}
	_, err = command.OutOrStdout().Write(text)
	return err
}

func (f *inspectFlags) write(command *cobra.Command, report inspect.Report) error {
	warn(command, report.Warnings)
	switch f.format {
	case "text":
		return report.Write(command.OutOrStdout(), terminal.Of(command.OutOrStdout()))
	case "html":
		return f.showPage(command, report)
	}
	encoder := json.NewEncoder(command.OutOrStdout())
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}

// warn tells of attachments that are not used.
func warn(command *cobra.Command, warnings []string) {
	for _, warning := range warnings {
		fmt.Fprintf(command.ErrOrStderr(), "ignored: %s\n", warning)
	}
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// lockFlags are the flags of mkimage lock, as they were typed.
type lockFlags struct {
	alpineFlags
	check         bool
	update        []string
	secdb, format string
}

// lockFormats are the formats of lock --check.
func lockFormats() []string { return []string{"table", "markdown", "json"} }

func newLock(mode *progress.Mode) *cobra.Command {
	var flags lockFlags
	command := &cobra.Command{
		Use:   "lock [NAME|FILE]...",
		Short: "Pin the Alpine packages of images, and keep the pins up to date",
		Long: `Write the Alpine packages that the mirror has now to NAME.lock.json beside each definition: version, checksum,
repository and signing key of every package, for each platform. Without a name, lock all definitions with base alpine. With
--update, move only the named packages, and those whose locked version is gone from the mirror.

A build uses the lock if it fits the definition; with --locked it must. If the cache has the packages of the lock, the
build needs no network. Alpine removes old versions from its mirrors; "mkimage vendor" keeps the locked ones.

--check writes nothing. Its table on stdout lists packages that moved, and locked versions that are gone from the mirror; with
--secdb also known vulnerabilities of the locked packages, and the versions that mend them. If there are any, the exit status
is 1.

The files of the locks are printed on stdout, the changes of versions on stderr.`,
		Example: `  mkimage lock bash
  mkimage lock bash --update openssl --update curl
  mkimage lock --check --secdb ` + apkfs.PublicSecDB + `
  mkimage build bash --locked`,
		ValidArgsFunction: completeNames,
		RunE:              func(command *cobra.Command, args []string) error { return flags.run(command, args, mode) },
	}
	set := command.Flags()
	flags.add(set, "lock")
	set.BoolVar(&flags.check, "check", false, "write nothing; say what moved, and fail when anything did")
	set.StringSliceVar(&flags.update, "update", nil, "move the packages in `LIST` alone, repeatable")
	set.StringVar(&flags.secdb, "secdb", "", "with --check, look for vulnerabilities in `URL|DIR|FILE`: Alpine's are at "+apkfs.PublicSecDB)
	set.StringVar(&flags.format, "format", "table", "write what --check finds in `FORMAT`: table, markdown or json")
	_ = command.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(lockFormats(), cobra.ShellCompDirectiveNoFileComp)) // the flag is there, and has none
	return command
}

func (f *lockFlags) run(command *cobra.Command, args []string, mode *progress.Mode) error {
	if _, err := suggest.OneOf(f.format, lockFormats()...); err != nil {
		return usage(command, fmt.Errorf("--format: %w", err))
	}
	switch {
	case f.check && len(f.update) > 0:
		return usage(command, errors.New("--check writes nothing, and --update does: choose one"))
	case !f.check && (f.secdb != "" || command.Flags().Changed("format")):
		return usage(command, errors.New("--secdb and --format are for --check"))
	}
	definitions, packages, err := f.load(command, args)
	if err != nil {
		return err
	}
	if f.check {
		return f.runCheck(command, definitions, packages, mode)
	}
	display := progress.New(os.Stderr, *mode)
	files, err := build.Lock(command.Context(), definitions, packages, f.update, display)
	display.Close()
	for _, file := range files {
		fmt.Fprintln(command.OutOrStdout(), file)
	}
	return err
}

// runCheck says what moved.
func (f *lockFlags) runCheck(command *cobra.Command, definitions []images.Definition, packages build.Packages, mode *progress.Mode) error {
	var secdb *apkfs.SecDB
	if f.secdb != "" {
		var err error
		if secdb, err = apkfs.OpenSecDB(f.secdb); err != nil {
			return err
		}
	}
	display := progress.New(os.Stderr, *mode)
	drifts, err := build.CheckLocks(command.Context(), definitions, packages, secdb, display)
	display.Close()
	if err != nil && len(drifts) == 0 {
		return err // what could not be read is not as the mirror is
	}
	if writing := writeDrifts(command.OutOrStdout(), drifts, f.format); err != nil || writing != nil {
		return errors.Join(err, writing)
	}
	if len(drifts) == 0 {
		return nil
	}
	moved, vulnerable := 0, 0
	for _, d := range drifts {
		if d.State != build.Current {
			moved++
		}
		if len(d.Fixes) > 0 {
			vulnerable++
		}
	}
	var parts []string
	if moved > 0 {
		parts = append(parts, human.Count(moved, "package")+" moved")
	}
	if vulnerable > 0 {
		parts = append(parts, human.Count(vulnerable, "package")+" with known vulnerabilities")
	}
	if moved == 0 {
		return fmt.Errorf("%s; the mirror has nothing newer", parts[0])
	}
	return fmt.Errorf("%s; mkimage lock makes the locks anew, mkimage lock --update PACKAGE one package of them", strings.Join(parts, ", "))
}

// writeDrifts writes a row for each package, or says that there are none.
func writeDrifts(w io.Writer, drifts []build.Drift, format string) error {
	if format == "json" {
		if drifts == nil {
			drifts = []build.Drift{}
		}
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(drifts)
	}
	if len(drifts) == 0 {
		_, err := fmt.Fprintln(w, "Every lock is as the mirror is.")
		return err
	}
	rows := [][]string{{"IMAGE", "PLATFORMS", "PACKAGE", "LOCKED", "NOW", "STATE", "VULNERABILITIES"}}
	for _, d := range drifts {
		var platforms, fixes []string
		for _, platform := range d.Platforms {
			platforms = append(platforms, string(platform))
		}
		for _, fix := range d.Fixes {
			fixes = append(fixes, strings.Join(fix.Vulnerabilities, " ")+" (mended in "+fix.Version+")")
		}
		rows = append(rows, []string{d.Image, strings.Join(platforms, " "), d.Package, d.Locked, d.Now, string(d.State), strings.Join(fixes, ", ")})
	}
	if !slices.ContainsFunc(rows[1:], func(row []string) bool { return row[6] != "" }) {
		for i := range rows {
			rows[i] = rows[i][:6]
		}
	}
	if format == "markdown" {
		return writeMarkdown(w, rows)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			if row[i] = terminal.Clean(cell); cell == "" {
				row[i] = "-"
			}
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}

func writeMarkdown(w io.Writer, rows [][]string) error {
	var text strings.Builder
	for i, row := range rows {
		text.WriteString("|")
		for _, cell := range row {
			if i == 0 {
				cell = strings.ToLower(cell)
			}
			text.WriteString(" " + sizes.Plain(cell) + " |")
		}
		text.WriteString("\n")
		if i == 0 {
			text.WriteString(strings.Repeat("| --- ", len(row)) + "|\n")
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// load reads the definitions of a command that only has these flags, and opens the places that they name.
func (f *alpineFlags) load(command *cobra.Command, args []string) ([]images.Definition, build.Packages, error) {
	platforms, err := f.check()
	if err != nil {
		return nil, build.Packages{}, usage(command, err)
	}
	packages, _, err := f.open()
	if err != nil {
		return nil, packages, err
	}
	definitions, err := loadDefinitions(command, f.images, packages.Stemcells.Known(), args...)
	if err != nil {
		return nil, packages, err
	}
	definitions, err = build.Restrict(definitions, platforms)
	return definitions, packages, err
}

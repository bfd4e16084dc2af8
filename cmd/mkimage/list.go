package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// listFlags are the flags of mkimage list, as they were typed.
type listFlags struct {
	sinceFlags
	images, stemcells, format string
	groups                    int
	group                     string
	withAction, shipped       bool
}

func newList() *cobra.Command {
	var flags listFlags
	command := &cobra.Command{
		Use:   "list",
		Short: "List the images that can be built",
		Long: `List the images that can be built: those of the definitions here, and the shipped ones, which mkimage brings along.
The table and json tell them apart. The formats names and matrix, and the flags --since, --with-action and --group,
select from the definitions here; with --shipped, from the shipped ones.

--since lists the images that a change touches. It compares the working tree, with uncommitted and new files, to its
last common commit with a git revision.

A change of one of these touches an image: its definition, its lock, a stemcell of the folder --stemcells that it has,
the file that it bakes in, or a Go package of its action. A change of a --shared file touches all images; so does a
new version of mkimage, Go or the toolchain in go.mod, and a commit that is not in this clone, or zeros, as CI systems
write for a new branch.

In doubt an image counts as touched: when it is made from a file that git ignores or skips, that no repository has, or
that is in a changed submodule. Symbolic links are followed.

The format names has one name a line. The format matrix is a JSON array for a matrix of at most --groups jobs; each
entry has the names of a job's images with spaces between. --group I/N lists only the I-th of N even shares.`,
		Example: `  mkimage list --since origin/main
  mkimage list --since origin/main --format matrix --groups 8
  mkimage list --since origin/main --format names --group $CI_NODE_INDEX/$CI_NODE_TOTAL`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return flags.run(command) },
	}
	set := command.Flags()
	set.StringVar(&flags.images, "images", "", "take definitions from `DIR`; from images when not given")
	set.StringVar(&flags.stemcells, "stemcells", "", "the stemcells beside mkimage's own are in `DIR`; in stemcells when not given")
	flags.sinceFlags.add(set)
	set.BoolVar(&flags.shipped, "shipped", false, "only those that mkimage brings, which builds take by name alone")
	set.BoolVar(&flags.withAction, "with-action", false, "only those that bring an action")
	set.StringVar(&flags.format, "format", "table", "write in `FORMAT`: table, json, names or matrix")
	set.IntVar(&flags.groups, "groups", 20, "with --format matrix, at most `N` jobs")
	set.StringVar(&flags.group, "group", "", "only the share `I/N` of the images, such as 1/4")
	withVariable(set, "images", "stemcells")
	return command
}

func (f *listFlags) run(command *cobra.Command) error {
	if _, err := suggest.OneOf(f.format, "table", "json", "names", "matrix"); err != nil {
		return usage(command, fmt.Errorf("--format: %w", err))
	}
	switch {
	case f.groups < 1:
		return usage(command, fmt.Errorf("--groups %d: want a number of jobs, 1 or more", f.groups))
	case f.shipped && f.since != "":
		return usage(command, errors.New("--shipped and --since are two things: no change touches what mkimage brings"))
	}
	if err := f.sinceFlags.check(); err != nil {
		return usage(command, err)
	}
	part, parts := 1, 1
	if f.group != "" {
		var err error
		if part, parts, err = share(f.group); err != nil {
			return usage(command, err)
		}
	}
	definitions, shipped, err := loadWithShipped(command, f.images)
	if err == nil && len(definitions) == 0 && f.forBuilds() && !f.shipped {
		fmt.Fprintln(command.ErrOrStderr(), "no definitions here; the shipped ones are built by name alone")
	}
	if err == nil && f.since != "" {
		definitions, err = f.touched(command, f.stemcells, definitions)
	}
	if err != nil {
		return err
	}
	switch {
	case f.shipped:
		definitions = shipped
	case !f.forBuilds():
		definitions = append(definitions, shipped...)
	}
	if f.withAction {
		definitions = slices.DeleteFunc(slices.Clone(definitions), func(d images.Definition) bool { return d.Action == "" })
	}
	return f.write(command.OutOrStdout(), definitions[(part-1)*len(definitions)/parts:part*len(definitions)/parts])
}

// forBuilds reports whether the list is for builds, and not only for people.
func (f *listFlags) forBuilds() bool {
	return f.since != "" || f.withAction || f.group != "" || f.format == "names" || f.format == "matrix"
}

// share reads I/N, where 1 <= I <= N.
func share(text string) (i, n int, err error) {
	first, second, _ := strings.Cut(text, "/")
	i, iErr := strconv.Atoi(first)
	n, nErr := strconv.Atoi(second)
	if iErr != nil || nErr != nil || i < 1 || i > n {
		return 0, 0, fmt.Errorf("--group %s: want I/N, such as 1/4", text)
	}
	return i, n, nil
}

func (f *listFlags) write(w io.Writer, definitions []images.Definition) error {
	var names []string
	for _, definition := range definitions {
		names = append(names, definition.Name)
	}
	switch f.format {
	case "names":
		for _, name := range names {
			fmt.Fprintln(w, name)
		}
		return nil
	case "matrix":
		return json.NewEncoder(w).Encode(grouped(names, f.groups))
	case "json":
		return writeDefinitions(w, definitions)
	}
	table := tabwriter.NewWriter(terminal.Fit(w, os.Stdout), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tPLATFORMS\tBUDGET\tFROM\tDESCRIPTION")
	for _, definition := range definitions {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", definition.Name, platforms(definition), budget(definition), from(definition), definition.Description)
	}
	return table.Flush()
}

// from says where a definition is.
func from(definition images.Definition) string {
	if definition.Shipped {
		return "shipped"
	}
	return definition.File
}

// writeDefinitions writes the definitions with all their keys, and where each is.
func writeDefinitions(w io.Writer, definitions []images.Definition) error {
	type listed struct {
		images.Definition
		Shipped bool   `json:"shipped"`
		File    string `json:"file,omitempty"`
	}
	all := make([]listed, len(definitions))
	for i, definition := range definitions {
		all[i] = listed{Definition: definition, Shipped: definition.Shipped}
		if !definition.Shipped {
			all[i].File = definition.File
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(all)
}

// grouped spreads names evenly over at most n groups, of names with blanks between.
func grouped(names []string, n int) []string {
	groups := []string{}
	n = min(n, len(names))
	for i := range n {
		groups = append(groups, strings.Join(names[i*len(names)/n:(i+1)*len(names)/n], " "))
	}
	return groups
}

func platforms(definition images.Definition) string {
	words := make([]string, len(definition.Platforms))
	for i, platform := range definition.Platforms {
		words[i] = string(platform)
	}
	return strings.Join(words, ",")
}

func budget(definition images.Definition) string {
	if definition.Budget == 0 {
		return "-"
	}
	return human.Bytes(int64(definition.Budget))
}

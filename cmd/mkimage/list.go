package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/git"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/nearest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/touched"
)

// listFlags are the flags of mkimage list, as they were typed.
type listFlags struct {
	images, stemcells, since, format string
	shared                           []string
	groups                           int
	group                            string
	withAction                       bool
}

func newList() *cobra.Command {
	var flags listFlags
	command := &cobra.Command{
		Use:   "list",
		Short: "List the images that can be built",
		Long: `List the images that can be built, or with --since those that a change touches: it is compared with the commit
that the working tree has in common with a git revision, uncommitted and new files included.

A change touches an image when it changes the definition, the lock, a stemcell of the folder --stemcells that
the image has, the file that it bakes in, or a Go package that its action is compiled from. It touches all images
when it changes a --shared file, or in go.mod the version of mkimage, of Go or of the toolchain. A commit
that is not in this clone, or zeros, as CI systems give for a new branch, also touch all.

The format names is one name a line; matrix is a JSON array for a matrix of jobs, each with the names of its
images with blanks between: at most --groups of them. With --group I/N, only the I-th of N even shares is listed.`,
		Example: `  mkimage list --since origin/main
  mkimage build $(mkimage list --since origin/main --format names)
  mkimage list --since origin/main --format matrix --groups 8
  mkimage list --since origin/main --format names --group $CI_NODE_INDEX/$CI_NODE_TOTAL`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return flags.run(command) },
	}
	set := command.Flags()
	set.StringVar(&flags.images, "images", "", "take definitions from `DIR`; from images if it holds some, else from mkimage itself")
	set.StringVar(&flags.stemcells, "stemcells", "", "the stemcells beside mkimage's own are in `DIR`; in stemcells when not given")
	set.StringVar(&flags.since, "since", "", "only those that differ from what git has at `REV`, such as origin/main")
	set.StringArrayVar(&flags.shared, "shared", nil, "with --since, all images are made with the file or folder `PATH`, repeatable")
	set.BoolVar(&flags.withAction, "with-action", false, "only those that bring an action")
	set.StringVar(&flags.format, "format", "table", "write in `FORMAT`: table, names or matrix")
	set.IntVar(&flags.groups, "groups", 20, "with --format matrix, at most `N` jobs")
	set.StringVar(&flags.group, "group", "", "only the share `I/N` of the images, such as 1/4")
	withVariable(set, "images", "stemcells")
	return command
}

func (f *listFlags) run(command *cobra.Command) error {
	formats := []string{"table", "names", "matrix"}
	switch {
	case !slices.Contains(formats, f.format):
		return usage(command, fmt.Errorf("no format %q: %s", f.format, nearest.Choices(f.format, formats)))
	case f.groups < 1:
		return usage(command, fmt.Errorf("--groups %d: it is a number of jobs", f.groups))
	case len(f.shared) > 0 && f.since == "":
		return usage(command, errors.New("--shared is for --since"))
	}
	definitions, err := images.Load(definitionsIn(f.images), nil)
	if err == nil && f.since != "" {
		definitions, err = f.touched(command, definitions)
	}
	if err != nil {
		return err
	}
	if f.withAction {
		definitions = slices.DeleteFunc(slices.Clone(definitions), func(d images.Definition) bool { return d.Action == "" })
	}
	if f.group != "" {
		i, n, err := share(f.group)
		if err != nil {
			return usage(command, err)
		}
		definitions = definitions[(i-1)*len(definitions)/n : i*len(definitions)/n]
	}
	return f.write(command.OutOrStdout(), definitions)
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

// touched returns the definitions that differ from what git has.
func (f *listFlags) touched(command *cobra.Command, definitions []images.Definition) ([]images.Definition, error) {
	ctx := command.Context()
	base, err := git.Since(ctx, f.since)
	if err != nil {
		return nil, err
	}
	if !base.Known() {
		fmt.Fprintf(command.ErrOrStderr(), "%s is not in this clone: every image counts as touched\n", f.since)
		return definitions, nil
	}
	files, err := base.Changed(ctx)
	if err != nil {
		return nil, err
	}
	return touched.Images(ctx, definitions, touched.Change{Files: files, Stemcells: cmp.Or(f.stemcells, "stemcells"), Shared: f.shared, Former: base.File})
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
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tPLATFORMS\tBUDGET\tDESCRIPTION")
	for _, definition := range definitions {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", definition.Name, platforms(definition), budget(definition), definition.Description)
	}
	return table.Flush()
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
	return sizes.Format(int64(definition.Budget))
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// kinds are the kinds of entries in words.
var kinds = map[string]string{
	"apk": "Alpine packages", "builder": "what builders were sent", "content": "contents of layers", "contents": "contents of layers",
	"go": "proxies", "go-action": "Go actions", "layer": "layers", "layer-record": "which layer is made from what",
	"resolved": "choices of packages", "sbom-layer": "lists of what is in layers",
}

// cacheFlags are the flags of mkimage cache and its parts, as they were typed.
type cacheFlags struct {
	dir, olderThan string
	json, all      bool
}

func newCache() *cobra.Command {
	var flags cacheFlags
	command := &cobra.Command{
		Use:   "cache",
		Short: "Show the cache, and remove its entries",
		Long: `Show the cache by kind of content. It is the folder --cache-dir or $MKIMAGE_CACHE_DIR, else mkimage in the user's
cache folder. Everything in it can be made or fetched again. Builds remove entries that were not used for 30 days.`,
		Example: "  mkimage cache\n  mkimage cache prune --older-than 7d",
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(command, args[0])
			}
			return flags.show(command)
		},
		Args: cobra.ArbitraryArgs,
	}
	prune := &cobra.Command{
		Use:   "prune",
		Short: "Remove unused entries of the cache",
		Long: `Remove entries that were not used for the time --older-than, or all entries with --all. Builds that run at the same
time lose nothing: while there is one, everything used within the last hour stays.`,
		Example: "  mkimage cache prune\n  mkimage cache prune --older-than 7d\n  mkimage cache prune --all",
		Args:    cobra.NoArgs,
		RunE:    func(command *cobra.Command, _ []string) error { return flags.prune(command) },
	}
	for _, part := range []*cobra.Command{command, prune} {
		part.Flags().StringVar(&flags.dir, "cache-dir", "", "look at `DIR`; at mkimage of the user's cache folder when not given")
		part.Flags().BoolVar(&flags.json, "json", false, "write JSON")
		withVariable(part.Flags(), "cache-dir")
	}
	prune.Flags().StringVar(&flags.olderThan, "older-than", "30d", "remove entries that were not used for `TIME`, such as 12h or 30d")
	prune.Flags().BoolVar(&flags.all, "all", false, "remove everything")
	command.AddCommand(prune)
	return command
}

func (f *cacheFlags) show(command *cobra.Command) error {
	dir, err := cache.Open(f.dir)
	if err != nil {
		return err
	}
	usage, err := dir.Usage()
	if err != nil {
		return err
	}
	if f.json {
		return json.NewEncoder(command.OutOrStdout()).Encode(map[string]any{"dir": dir.Path(), "kinds": orNone(usage)})
	}
	fmt.Fprintln(command.OutOrStdout(), dir.Path())
	return writeUsage(terminal.Fit(command.OutOrStdout(), os.Stdout), usage)
}

func (f *cacheFlags) prune(command *cobra.Command) error {
	unused, err := parseAge(f.olderThan)
	if err != nil {
		return usage(command, fmt.Errorf("--older-than %w", err))
	}
	if f.all {
		if command.Flags().Changed("older-than") {
			return usage(command, fmt.Errorf("--all and --older-than are two things: choose one"))
		}
		unused = 0
	}
	dir, err := cache.Open(f.dir)
	if err != nil {
		return err
	}
	pruned, err := dir.Prune(unused)
	if err != nil {
		return err
	}
	if pruned.Busy {
		fmt.Fprintln(command.ErrOrStderr(), "a build is running: what was used within the last hour stays")
	}
	if f.json {
		return json.NewEncoder(command.OutOrStdout()).Encode(map[string]any{"removed": orNone(pruned.Removed), "kept": orNone(pruned.Kept)})
	}
	entries, bytes := total(pruned.Removed)
	left, rest := total(pruned.Kept)
	_, err = fmt.Fprintf(command.OutOrStdout(), "removed %s, %s; %s, %s stay\n",
		entriesOf(entries), human.Bytes(bytes), entriesOf(left), human.Bytes(rest))
	return err
}

func orNone(usage []cache.Usage) []cache.Usage { return append([]cache.Usage{}, usage...) }

func total(usage []cache.Usage) (entries int, bytes int64) {
	for _, kind := range usage {
		entries += kind.Entries
		bytes += kind.Bytes
	}
	return entries, bytes
}

func entriesOf(entries int) string {
	if entries == 1 {
		return "1 entry"
	}
	return strconv.Itoa(entries) + " entries"
}

func writeUsage(w io.Writer, usage []cache.Usage) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KIND\tENTRIES\tSIZE\tCONTENT")
	for _, kind := range usage {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", kind.Kind, kind.Entries, human.Bytes(kind.Bytes), kinds[kind.Kind])
	}
	entries, bytes := total(usage)
	fmt.Fprintf(table, "total\t%d\t%s\t\n", entries, human.Bytes(bytes))
	return table.Flush()
}

// parseAge reads a time such as 30d, 12h or 1h30m.
func parseAge(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	age, err := time.ParseDuration(text)
	if err != nil || age < 0 {
		return 0, fmt.Errorf("%s: want a time, such as 30d or 12h", text)
	}
	return age, nil
}

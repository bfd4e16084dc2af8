package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

func newList() *cobra.Command {
	var dir string
	command := &cobra.Command{
		Use:   "list",
		Short: "List the images that can be built",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			definitions, err := images.Load(definitionsIn(dir), nil)
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(command.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "NAME\tPLATFORMS\tBUDGET\tDESCRIPTION")
			for _, definition := range definitions {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", definition.Name, platforms(definition), budget(definition), definition.Description)
			}
			return table.Flush()
		},
	}
	command.Flags().StringVar(&dir, "images", "", "take definitions from `DIR`; from images if it holds some, else from mkimage itself")
	withVariable(command.Flags(), "images")
	return command
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

package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// definitionsIn returns the definitions that --images names.
func definitionsIn(dir string) images.Folder {
	if dir == "" || dir == "images" {
		return images.Find()
	}
	return images.Dir(dir)
}

// loadDefinitions reads the definitions that are named, or all that are in the folder dir. When there are none to take,
// the command line has to name some.
func loadDefinitions(command *cobra.Command, dir string, known images.Stemcells, named ...string) ([]images.Definition, error) {
	definitions, err := images.Load(definitionsIn(dir), known, named...)
	var none *images.NoneError
	if errors.As(err, &none) {
		return nil, usage(command, err)
	}
	if len(named) == 0 {
		tellMisnamed(command, dir)
	}
	return definitions, err
}

// tellMisnamed tells of files that are perhaps meant to be definitions.
func tellMisnamed(command *cobra.Command, dir string) {
	for _, misnamed := range definitionsIn(dir).Misnamed() {
		fmt.Fprintln(command.ErrOrStderr(), misnamed)
	}
}

// loadWithShipped reads all definitions of the folder dir, if it has any, and those shipped ones that it does not
// replace.
func loadWithShipped(command *cobra.Command, dir string) (own, shipped []images.Definition, err error) {
	own, err = images.Load(definitionsIn(dir), nil)
	var none *images.NoneError
	if err != nil && !errors.As(err, &none) {
		return nil, nil, err
	}
	tellMisnamed(command, dir)
	shipped, err = images.Load(images.Shipped(), nil)
	return own, slices.DeleteFunc(shipped, func(d images.Definition) bool {
		return slices.ContainsFunc(own, func(o images.Definition) bool { return o.Name == d.Name })
	}), err
}

// knownNames returns the names of the images in the folder dir and of the shipped ones.
func knownNames(dir string) []string {
	names, _ := definitionsIn(dir).Names() // a folder that cannot be listed has none
	names = append(names, images.ShippedNames()...)
	slices.Sort(names)
	return slices.Compact(names)
}

func completeNames(command *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	dir, _ := command.Flags().GetString("images") // it is a string in every command that completes names
	return knownNames(dir), cobra.ShellCompDirectiveDefault
}

// namesOf returns the names of definitions.
func namesOf(definitions []images.Definition) []string {
	names := make([]string, len(definitions))
	for i, definition := range definitions {
		names[i] = definition.Name
	}
	return names
}

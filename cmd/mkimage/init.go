package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/git"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/starter"
)

// initFlags are the flags of mkimage init, as they were typed.
type initFlags struct{ language, ci string }

func newInit() *cobra.Command {
	var flags initFlags
	command := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Begin a project: write a function and its image",
		Long: `Write a project into the folder DIR, or into this one: a function, a value to try it with, the definition of its
image, .dockerignore, .gitignore, a README with the next commands and, with --ci, a pipeline.

Nothing is asked and nothing is replaced. If README.md, .dockerignore or .gitignore is there already, it stays. If
another file of the project is there already, nothing is written.

A project in Go is compiled without a network, because it has the library openwhisk in a folder.`,
		Example: `  mkimage init --lang bash
  mkimage init functions --lang go --ci github`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(command *cobra.Command, args []string) error { return flags.run(command, args) },
	}
	set := command.Flags()
	set.StringVar(&flags.language, "lang", "", "the function is in `LANGUAGE`: "+strings.Join(starter.Languages(), ", ")+" (any program that can be executed)")
	set.StringVar(&flags.ci, "ci", "", "add a pipeline for `SYSTEM`: "+strings.Join(starter.Pipelines(), " or "))
	return command
}

func (f *initFlags) run(command *cobra.Command, args []string) error {
	if f.language == "" && len(args) == 1 && slices.Contains(starter.Languages(), args[0]) {
		return usage(command, fmt.Errorf("the language is a flag: mkimage init --lang %s", args[0]))
	}
	if f.language == "" {
		return usage(command, errors.New("in which language? give --lang "+strings.Join(starter.Languages(), ", --lang ")))
	}
	dir := "."
	if len(args) > 0 {
		dir = args[0]
	}
	files, err := starter.Files(starter.Options{
		Language: f.language, CI: f.ci, Library: source.Files(), Pipelines: source.Pipelines(),
	})
	if err != nil {
		return usage(command, err)
	}
	if f.ci != "" {
		if err := f.checkTop(command, dir); err != nil {
			return err
		}
	}
	kept, err := starter.Write(dir, files)
	if err != nil {
		return err
	}
	for _, name := range kept {
		fmt.Fprintf(command.ErrOrStderr(), "%s is there already, and stays as it is\n", filepath.Join(dir, filepath.FromSlash(name)))
	}
	for _, file := range files {
		if slices.Contains(kept, file.Path) {
			continue
		}
		if !strings.HasPrefix(file.Path, "third_party/") || strings.HasSuffix(file.Path, "/go.mod") {
			fmt.Fprintln(command.OutOrStdout(), filepath.Join(dir, filepath.FromSlash(file.Path)))
		}
	}
	next := "mkimage dev"
	if dir != "." {
		next = "cd " + dir + " && " + next
	}
	fmt.Fprintln(command.ErrOrStderr(), "next: "+next)
	return nil
}

// checkTop refuses a pipeline where no system would read it: below the top of a repository.
func (f *initFlags) checkTop(command *cobra.Command, dir string) error {
	asked, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	there := asked // or the nearest folder above that is there
	for _, err := os.Stat(there); err != nil && there != filepath.Dir(there); _, err = os.Stat(there) {
		there = filepath.Dir(there)
	}
	top, err := git.Top(command.Context(), there)
	if err != nil || top == "" {
		return nil // no repository, or no git
	}
	if resolved, err := filepath.EvalSymlinks(asked); err != nil || resolved != top {
		return fmt.Errorf("--ci %s: pipelines are read at the top of a repository, and %s is below that of %s: leave --ci out, or init there", f.ci, dir, top)
	}
	return nil
}

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/doctor"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild/carried"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/project"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/release"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// doctorFlags are the flags of mkimage doctor, as they were typed.
type doctorFlags struct {
	alpineFlags
	pushFlags
	builder        builderFlags
	json, exitCode bool
}

// setting is a value that commands go by, and where it comes from.
type setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  string `json:"from"`
}

func newDoctor() *cobra.Command {
	var flags doctorFlags
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Look for problems on this machine, and say how to mend them",
		Long: `Look at everything that mkimage works with: Go and the exact release for compiling, the cache, the Docker Engine,
builders, the registry's login, the Alpine mirror, OpenWhisk and git. For each, say whether it works, and how to mend
it. Then list the settings and their origins: flag, variable, or mkimage.yaml.

The exit status is 0. With --exit-code it is 1 when something that is set up does not work.`,
		Example: "  mkimage doctor\n  mkimage doctor --json --exit-code",
		Args:    cobra.NoArgs,
		RunE:    func(command *cobra.Command, _ []string) error { return flags.run(command) },
	}
	set := command.Flags()
	flags.alpineFlags.add(set, "look")
	flags.pushFlags.add(set)
	flags.builder.add(set)
	for _, other := range []string{"push", "platform", "cache-to", "cache-from", "no-overwrite", "tag", "stemcells", "engine"} {
		set.Lookup(other).Hidden = true
	}
	set.BoolVar(&flags.json, "json", false, "write JSON")
	set.BoolVar(&flags.exitCode, "exit-code", false, "end with status 1 when something that is set up does not work")
	return command
}

func (f *doctorFlags) run(command *cobra.Command) error {
	store, err := cache.Open(f.cacheDir)
	if err != nil {
		return err
	}
	module, err := gobuild.Open(source.Files(), store)
	if err != nil {
		return err
	}
	of, projectErr := project.Find(".")
	options := doctor.Options{
		Toolchain: module.Toolchain(), Carries: carried.Count() > 0, Cache: store, Release: cmp.Or(f.release, f.newestRelease()), Builders: f.builder.builders, TLS: f.builder.tls,
		Repo: f.repo, APIHost: cmp.Or(os.Getenv("WHISK_APIHOST"), of.APIHost),
		Push: func(ctx context.Context) error { return f.mayPush(ctx, command) },
	}
	options.Alpine, options.AlpineErr = apkfs.Open(f.mirror, f.keys, store)
	findings := doctor.Examine(command.Context(), options)
	if projectErr != nil {
		findings = append(findings, doctor.Finding{Part: "settings", State: doctor.Broken, Detail: projectErr.Error(), ToDo: "mend " + project.Name})
	}
	if err := command.Context().Err(); err != nil {
		return err
	}
	if err := f.write(command, findings, f.settings(command, of)); err != nil {
		return err
	}
	for _, finding := range findings {
		if f.exitCode && finding.State == doctor.Broken {
			return errors.New("something that is set up does not work; see above")
		}
	}
	return nil
}

// newestRelease returns the newest Alpine release of the definitions here, or of the shipped ones.
func (f *doctorFlags) newestRelease() (newest string) {
	definitions, err := images.Load(definitionsIn(f.images), nil)
	if err != nil {
		definitions, _ = images.Load(images.Shipped(), nil) // they can be read
	}
	for _, definition := range definitions {
		newest = max(newest, definition.Alpine)
	}
	return cmp.Or(newest, "v3.22")
}

// mayPush asks the registry whether the login may push an image there.
func (f *doctorFlags) mayPush(ctx context.Context, command *cobra.Command) error {
	output, err := under(f.repo)
	if err != nil {
		return err
	}
	outputs := []publish.Output{output}
	publisher, err := f.publisher(command, outputs)
	if err != nil {
		return err
	}
	name := "scratch"
	if names, err := definitionsIn(f.images).Names(); err == nil && len(names) > 0 {
		name = names[0]
	}
	return publisher.CheckPermission(ctx, outputs, []string{name})
}

// settings returns the values that are set, and where each comes from.
func (f *doctorFlags) settings(command *cobra.Command, of project.Settings) []setting {
	settings := []setting{}
	for _, name := range []string{"repo", "tag", "platform", "alpine-mirror", "alpine-release", "builder", "cache-dir"} {
		flag := command.Flags().Lookup(name)
		if !flag.Changed {
			continue
		}
		from := "--" + name
		if at := flag.Annotations[origin]; at != nil {
			from = at[0]
		}
		settings = append(settings, setting{name, strings.Trim(flag.Value.String(), "[]"), from})
	}
	switch host := os.Getenv("WHISK_APIHOST"); {
	case host != "":
		settings = append(settings, setting{"apihost", host, "$WHISK_APIHOST"})
	case of.APIHost != "":
		settings = append(settings, setting{"apihost", of.APIHost, of.File})
	}
	return settings
}

func (f *doctorFlags) write(command *cobra.Command, findings []doctor.Finding, settings []setting) error {
	out := command.OutOrStdout()
	if f.json {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(map[string]any{"schema": 1, "version": release.Number(), "parts": findings, "settings": settings})
	}
	fmt.Fprint(out, versionLine())
	width := terminal.Width(os.Stdout)
	for _, finding := range findings {
		fmt.Fprintf(out, "%-7s %-10s %s\n", finding.State, finding.Part, terminal.Hang(finding.Detail, 19, width))
		if finding.ToDo != "" {
			fmt.Fprintf(out, "%18s -> %s\n", "", terminal.Hang(finding.ToDo, 22, width))
		}
	}
	if len(settings) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(terminal.Fit(out, os.Stdout), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nSETTING\tVALUE\tFROM")
	for _, one := range settings {
		fmt.Fprintf(table, "%s\t%s\t%s\n", one.Name, one.Value, one.From)
	}
	return table.Flush()
}

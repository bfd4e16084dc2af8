package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/wsk"
)

// runtimesFlags are the flags of mkimage wsk that offer an image as a kind.
type runtimesFlags struct {
	wanted, newFamily bool
	into              string
}

func (f *runtimesFlags) add(set *pflag.FlagSet) {
	set.BoolVar(&f.wanted, "runtimes", false, "print the entry of OpenWhisk's runtimes.json for the image")
	set.BoolVar(&f.newFamily, "new-family", false, "with --runtimes: the kind starts its family, and is the default of it")
	set.StringVar(&f.into, "into", "", "with --runtimes: merge the entry into `FILE`, a runtimes.json")
}

func (f *runtimesFlags) asked() bool { return f.wanted || f.newFamily || f.into != "" }

// describes reports whether a flag was given that says something of one action, which a kind does not know.
func (f *wskFlags) describes() bool {
	return f.file != "" || f.main != "" || f.parameterFile != "" || f.timeout != 0 || f.json || f.direct() ||
		len(f.parameters)+len(f.annotations)+len(f.environment) > 0
}

// offer prints the entry of runtimes.json for the image, or merges it into a file. Notes go to stderr.
func (f *wskFlags) offer(command *cobra.Command, args []string) error {
	kind := ""
	if len(args) == 2 { // a mistake in it should not wait for a registry
		kind = args[1]
		if _, err := wsk.ParseKind(kind); err != nil {
			return usage(command, err)
		}
	}
	image, err := f.find(command, args[0])
	if err != nil {
		return err
	}
	runtime, err := image.Offer(kind, f.memory)
	if err != nil {
		return err
	}
	if f.runtimes.into == "" {
		runtime.Default = f.runtimes.newFamily
		text, err := runtime.Entry()
		if err == nil {
			_, err = command.OutOrStdout().Write(text)
		}
		if err != nil {
			return err
		}
	} else if err := f.runtimes.merge(runtime); err != nil {
		return err
	}
	for _, note := range runtime.Notes() {
		fmt.Fprintln(command.ErrOrStderr(), "note:", note)
	}
	return nil
}

func (f *runtimesFlags) merge(runtime wsk.Runtime) error {
	_, err := atomicfile.Edit(f.into, func(former []byte) ([]byte, error) {
		if former == nil {
			return nil, &fs.PathError{Op: "read", Path: f.into, Err: os.ErrNotExist}
		}
		return wsk.Merge(former, runtime, f.newFamily)
	})
	if err == nil {
		return nil
	}
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("--into %s: there is no such file; take the runtimes.json with which your OpenWhisk was deployed", f.into)
	}
	return fmt.Errorf("--into %s: %w", f.into, human.Reason(err))
}

package main

import "github.com/spf13/pflag"

// goFlags are the flags of commands that compile Go actions.
type goFlags struct{ goTags, goLDFlags string }

func (f *goFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.goTags, "go-tags", "", "compile Go actions with the build tags in `LIST`")
	set.StringVar(&f.goLDFlags, "go-ldflags", "", "give the linker of Go actions `FLAGS` beside \"-s -w -buildid=\"")
	withVariable(set, "go-tags", "go-ldflags")
}

//go:build linux

package main

import (
	"strconv"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/settings"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/variable"
)

// flags are those of existing ActionLoop proxies.
type flags struct {
	version bool
	debug   bool
	help    bool
	compile string      // the name of the function to call
	env     [][2]string // further variables for the compiler
}

const usage = `usage: proxy [-debug]                          serve POST /init and POST /run
       proxy -compile MAIN [-env JSON] <SOURCE >ZIP   compile an action (OW_COMPILER)
       proxy -version
Its settings are environment variables, OW_PORT and OW_PROTOCOL among them.
`

// parseFlags reads flags with one dash or two, and values after a blank or "=".
func parseFlags(args []string) (f flags, err error) {
	for len(args) > 0 {
		flag, value, hasValue := strings.Cut(args[0], "=")
		args = args[1:]
		name := strings.TrimPrefix(strings.TrimPrefix(flag, "-"), "-")
		var set *bool
		switch name {
		case "version":
			set = &f.version
		case "debug":
			set = &f.debug
		case "help", "h":
			set = &f.help
		case "compile", "env":
			if !hasValue && len(args) > 0 {
				value, args, hasValue = args[0], args[1:], true
			}
		}
		switch {
		case name == flag || set == nil && name != "compile" && name != "env":
			return f, usageError(flag + " is not a flag of the proxy")
		case set != nil && hasValue && value != "true" && value != "false":
			return f, usageError(flag + "=" + strconv.Quote(value) + ": want true or false")
		case set != nil:
			*set = value != "false"
		case value == "" && (name == "compile" || !hasValue):
			return f, usageError(flag + " needs a value")
		case name == "compile":
			f.compile = value
		case value != "":
			if f.env, err = variable.Members([]byte(value)); err != nil {
				return f, usageError(flag + ": " + err.Error())
			}
		}
	}
	return f, nil
}

func usageError(text string) error { return &settings.Error{Text: text + " (see -help)"} }

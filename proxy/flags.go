//go:build linux

package main

import (
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/settings"
)

// flags are those of existing ActionLoop proxies.
type flags struct {
	version bool
	debug   bool
	help    bool
	compile string // the name of the function to call
	env     string // a JSON object
}

const usage = `usage: proxy [-debug]                          serve POST /init and POST /run
       proxy -compile MAIN [-env JSON] <SOURCE >ZIP   compile an action (OW_COMPILER)
       proxy -version
Its settings are environment variables, OW_PORT and OW_PROTOCOL among them.
`

// parseFlags reads flags with one dash or two, and values after a blank or "=".
func parseFlags(args []string) (f flags, err error) {
	for len(args) > 0 {
		name, value, hasValue := strings.Cut(args[0], "=")
		args = args[1:]
		name = strings.TrimPrefix(strings.TrimPrefix(name, "-"), "-")
		switch name {
		case "version":
			f.version = true
		case "debug":
			f.debug = true
		case "help", "h":
			f.help = true
		case "compile", "env":
			if !hasValue {
				if len(args) == 0 {
					return f, &settings.Error{Text: "-" + name + " needs a value (see -help)"}
				}
				value, args = args[0], args[1:]
			}
			if name == "compile" {
				f.compile = value
			} else {
				f.env = value
			}
		default:
			return f, &settings.Error{Text: "unknown flag -" + name + " (see -help)"}
		}
	}
	return f, nil
}

package openwhisk

import (
	"os"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/variable"
)

// variables puts the members of a request into the environment, as the launchers of other runtimes do:
// each member but the argument, as __OW_ and its name in upper case (rule 25). That serves runs that go one after the
// other.
type variables struct {
	set  map[string]*setting // by name
	run  uint64
	name []byte // of the member at hand
}

type setting struct {
	name   string
	run    uint64 // the last that set it
	before string // its value before runs set it
	was    bool
}

// begin begins a run, whose members follow.
func (v *variables) begin() { v.run++ }

// member sets the variable of a member. raw is its value as it stands in the request; a string counts as it is, another
// value as compact JSON, and null as none.
func (v *variables) member(key, raw []byte) {
	if jsonscan.Kind(raw) == 'n' {
		return
	}
	v.name = variable.AppendName(v.name[:0], key)
	if !variable.IsName(v.name) {
		return
	}
	known := v.set[string(v.name)]
	if known == nil {
		known = &setting{name: string(v.name)}
		known.before, known.was = os.LookupEnv(known.name)
		if v.set == nil {
			v.set = map[string]*setting{}
		}
		v.set[known.name] = known
	}
	known.run = v.run
	// Most have the value of the last run: setting one costs three times as much as looking.
	if now, is := os.LookupEnv(known.name); !is || !holds(raw, now) {
		os.Setenv(known.name, variable.Value(raw))
	}
}

// end puts those back that the run's request lacks: they were of an earlier one.
func (v *variables) end() {
	for name, known := range v.set {
		switch {
		case known.run == v.run:
			continue
		case known.was:
			os.Setenv(name, known.before)
		default:
			os.Unsetenv(name)
		}
		delete(v.set, name)
	}
}

// holds reports whether a member that needs no unescaping says the text.
func holds(raw []byte, text string) bool {
	return len(raw) == len(text)+2 && raw[0] == '"' && string(raw[1:len(raw)-1]) == text && strings.IndexByte(text, '\\') < 0
}

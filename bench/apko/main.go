// Apko holds images on Alpine that mkimage builds against those that apko's own pkg/build makes of the same packages
// from the same mirror:
//
//	go -C bench/apko run . --mirror DIR --release v3.19 --key FILE --key FILE
//
// It serves the mirror on the loopback interface and builds with one, then with the other, in a process of its own each
// time: cold, with an empty cache, and warm, with a full one. Both ask for the same packages without a lock, verify
// them, and write an OCI layout; mkimage's image has the proxy as well, which it is given ready. Then it compares every
// file of the last pair, and prints what differs, with the reason where it is known. A difference without a reason is
// exit status 1.
//
// It is a module of its own, so that nothing of pkg/build gets into mkimage.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
)

// options are the command line.
type options struct {
	mkimage, proxy, mirror, release string
	keys                            list
	rounds                          int
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "apko:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == builder {
		return buildWithApko(ctx, args[1:])
	}
	var o options
	set := flag.NewFlagSet("apko", flag.ExitOnError)
	set.StringVar(&o.mkimage, "mkimage", "", "`path` of a built mkimage, instead of one built from here")
	set.StringVar(&o.mirror, "mirror", "", "`folder` laid out like an Alpine mirror")
	set.StringVar(&o.release, "release", "", "Alpine `release` of the mirror")
	set.Var(&o.keys, "key", "`file` of a public key that signed the mirror, repeatable")
	set.IntVar(&o.rounds, "rounds", 9, "interleaved rounds")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() > 0 || o.mirror == "" || o.release == "" || len(o.keys) == 0 || o.rounds < 1 {
		set.Usage()
		os.Exit(2)
	}
	return compare(ctx, o, os.Stdout)
}

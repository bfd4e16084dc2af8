package main

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

// TestInvocation holds which line run shows for an image: one without an action needs a file.
func TestInvocation(t *testing.T) {
	for name, test := range map[string]struct {
		layers []string
		label  string
		code   string
		want   string
	}{
		"no action":             {[]string{"base", "stemcell-bash", "proxy"}, "", "", "mkimage invoke URL --init FILE --param name=Mike"},
		"an action":             {[]string{"base", "proxy", "action"}, "exec", "", "mkimage invoke URL --param name=Mike"},
		"a step may bring one":  {[]string{"base", "run-1", "proxy"}, "", "", "mkimage invoke URL --param name=Mike"},
		"somebody else's layer": {[]string{"base", "proxy", ""}, "", "", "mkimage invoke URL --param name=Mike"},
		"started with code":     {[]string{"base", "proxy"}, "", "greet.sh", "mkimage invoke URL --no-init --param name=Mike"},
	} {
		t.Run(name, func(t *testing.T) {
			config := &v1.ConfigFile{Config: v1.Config{Labels: map[string]string{plan.ActionLabel: test.label}}}
			for _, layer := range test.layers {
				entry := v1.History{CreatedBy: "COPY something"}
				if layer != "" {
					entry.CreatedBy = content.CreatedBy(layer)
				}
				config.History = append(config.History, entry)
				config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, v1.Hash{})
			}
			flags := runFlags{code: test.code, empty: hasNoAction(config)}
			if got := flags.invocation("URL"); got != test.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

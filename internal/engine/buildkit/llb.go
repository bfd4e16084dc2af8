package buildkit

import (
	"context"
	_ "embed" // the runner of steps
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

// storeName is the name of the store of finished layers.
const storeName = "mkimage"

// quiet is the prefix for the names of vertices that are not shown.
const quiet = "put together: "

// scriptMark stands before the script in the name of a step's vertex.
const scriptMark = " $ "

func worthShowing(vertex *client.Vertex) bool {
	return vertex.Error != "" || !strings.HasPrefix(vertex.Name, quiet) && !strings.HasPrefix(vertex.Name, "exporting to ") && !strings.HasPrefix(vertex.Name, "[auth] ")
}

// define returns the work for a plan: take the finished layers from the offer, make the others on top of those below,
// and merge all in order. A merge keeps the bytes of each layer. near is the result of [nearby.find] for each layer.
func define(ctx context.Context, image plan.Image, o *offer, near []string) (*llb.Definition, error) {
	platform := llb.Platform(engine.Platform(image.Platform))
	var below []llb.State
	for i := 0; i <= len(image.Layers); i++ {
		for n, run := range image.Runs {
			if run.Below == i {
				made, err := perform(image, n, below, o)
				if err != nil {
					return nil, err
				}
				below = append(below, made)
			}
		}
		if i == len(image.Layers) {
			break
		}
		state, err := finished(image.Layers[i], image.Platform, o, near[i])
		if err != nil {
			return nil, err
		}
		below = append(below, state)
	}
	return merge(below).Marshal(ctx, platform)
}

// finished returns a finished layer: from the offer, or from elsewhere unless that is "".
func finished(l layer.Layer, platform images.Platform, o *offer, elsewhere string) (llb.State, error) {
	s, err := newSingle(l, platform)
	if err != nil {
		return llb.State{}, fmt.Errorf("layer %s: %w", l.Name, err)
	}
	o.add(s)
	named := llb.WithCustomName(quiet + "layer " + l.Name)
	if elsewhere != "" {
		return llb.Image(elsewhere, named), nil
	}
	return llb.OCILayout("mkimage/layer@"+s.digest().String(), llb.OCIStore("", storeName), named), nil
}

func merge(states []llb.State) llb.State {
	return llb.Merge(states, llb.WithCustomName(quiet+"the layers"))
}

// perform returns the layer that step n makes on top of others. The step's own packages are between them, and not in
// the layer.
func perform(image plan.Image, n int, below []llb.State, o *offer) (llb.State, error) {
	run := image.Runs[n]
	for _, l := range run.Extra {
		state, err := finished(l, image.Platform, o, "")
		if err != nil {
			return llb.State{}, err
		}
		below = append(below[:len(below):len(below)], state)
	}
	ground := merge(below)
	for _, variable := range image.Config.Env {
		name, value, _ := strings.Cut(variable, "=")
		ground = ground.AddEnv(name, value)
	}
	options := []llb.RunOption{
		llb.Args([]string{"/bin/sh", "-eu", "/dev/mkimage/step/runner", fmt.Sprint(image.Created.Unix())}),
		llb.AddMount("/dev/mkimage/step", programs(run), llb.Readonly),
		llb.WithCustomName(fmt.Sprintf("%s: %s for %s%s%s", image.Name, run.Name, image.Platform, scriptMark, firstLine(run.Script))),
		llb.AddMount("/tmp", llb.Scratch(), llb.Tmpfs()),
		llb.Dir("/"),
		llb.User("0:0"),
	}
	if run.Given != nil {
		files, err := finished(*run.Given, image.Platform, o, "")
		if err != nil {
			return llb.State{}, err
		}
		options = append(options, llb.AddMount(plan.FilesDir, files, llb.Readonly))
	}
	if run.Network {
		options = append(options, llb.Network(llb.NetModeSandbox))
	} else {
		options = append(options, llb.Network(llb.NetModeNone))
	}
	for _, dir := range run.Cache {
		id := fmt.Sprintf("mkimage %s %s", image.Platform, dir)
		options = append(options, llb.AddMount(dir, llb.Scratch(), llb.AsPersistentCacheDir(id, llb.CacheMountLocked)))
	}
	for name := range run.Secrets {
		options = append(options, llb.AddSecret("/run/secrets/"+name, llb.SecretID(secretID(run, name)), llb.SecretFileOpt(0, 0, 0o400)))
	}
	return llb.Diff(ground, ground.Run(options...).Root(), llb.WithCustomName(quiet+"what "+run.Name+" has changed")), nil
}

// runner runs the script of a step.
//
//go:embed step.sh
var runner string

// programs returns a folder with the runner and the script of a step. As files they may have any length, and errors do
// not repeat them.
func programs(run plan.Run) llb.State {
	return llb.Scratch().File(llb.Mkfile("/runner", 0o444, []byte(runner)).Mkfile("/script", 0o444, []byte(run.Script)),
		llb.WithCustomName(quiet+"the script of "+run.Name))
}

// firstLine returns the first line of a script that is not a comment.
func firstLine(script string) string {
	const most = 60 // characters
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(script), "\n"), func(line string) bool {
		line = strings.TrimSpace(line)
		return line == "" || strings.HasPrefix(line, "#")
	})
	if len(lines) == 0 {
		return ""
	}
	line := []rune(strings.TrimSpace(lines[0]))
	if len(line) > most {
		return string(line[:most-1]) + "…"
	}
	if len(lines) > 1 {
		return string(line) + " …"
	}
	return string(line)
}

package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// A label says that an image brings an action, and a variable which function is called.
func TestMakeTellsOfTheAction(t *testing.T) {
	files := []layer.File{layer.Regular("action/main.py", 0o644, []byte("program"))}
	for name, test := range map[string]struct {
		main   string
		baked  action.Baked
		labels map[string]string
		env    []string
	}{
		"none":              {"hello", action.Baked{}, map[string]string{"team": "blue"}, nil},
		"a program":         {"", action.Baked{Files: files, Start: "exec"}, map[string]string{"team": "blue", ActionLabel: "exec"}, nil},
		"a function":        {"", action.Baked{Files: files, Start: "main.py", Function: true}, map[string]string{"team": "blue", ActionLabel: "main.py"}, nil},
		"another than main": {"hello", action.Baked{Files: files, Start: "main.py", Function: true}, map[string]string{"team": "blue", ActionLabel: "main.py", MainLabel: "hello"}, []string{"OW_MAIN=hello"}},
	} {
		t.Run(name, func(t *testing.T) {
			def, in := definition(), inputs(t, time.Unix(0, 0))
			def.Labels, def.Main = map[string]string{"team": "blue"}, test.main
			if test.baked.Files != nil {
				def.Action = "hello"
				in.Actions = map[images.Platform]action.Baked{images.LinuxAMD64: test.baked, images.LinuxARM64: test.baked}
			}
			plans, err := layAndMake(t, def, in)
			if err != nil {
				t.Fatal(err)
			}
			for _, plan := range plans {
				if diff := cmp.Diff(test.labels, plan.Config.Labels); diff != "" {
					t.Error(diff)
				}
				got := slices.DeleteFunc(slices.Clone(plan.Config.Env), func(v string) bool { return !strings.HasPrefix(v, "OW_MAIN=") })
				if !slices.Equal(got, test.env) {
					t.Errorf("variables %q, want %q", got, test.env)
				}
			}
			if len(def.Labels) != 1 {
				t.Errorf("the definition has the labels %v now", def.Labels)
			}
		})
	}
}

func TestMakeWithAnAction(t *testing.T) {
	program := layer.Regular("action/exec", 0o755, []byte("program"))
	program.UID = 65532
	tests := []struct {
		name       string
		baked      action.Baked
		layers     []string
		entrypoint string
	}{
		{"behind the proxy", action.Baked{Files: []layer.File{program}}, []string{"base", "proxy", "action"}, "/bin/proxy"},
		{"one that serves itself", action.Baked{Files: []layer.File{program}, Serves: true}, []string{"base", "action"}, "/action/exec"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			def, in := definition(), inputs(t, time.Unix(0, 0))
			def.Action = "hello"
			in.Actions = map[images.Platform]action.Baked{images.LinuxAMD64: test.baked, images.LinuxARM64: test.baked}
			plans, err := layAndMake(t, def, in)
			if err != nil {
				t.Fatal(err)
			}
			for _, plan := range plans {
				var names []string
				for _, l := range plan.Layers {
					names = append(names, l.Name)
				}
				if diff := cmp.Diff(test.layers, names); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff([]string{test.entrypoint}, plan.Config.Entrypoint); diff != "" {
					t.Error(diff)
				}
				files := list(t, plan.Layers[len(plan.Layers)-1])
				if want := []string{"action -rwxr-xr-x 65532:0 7 action/exec"}; !slices.Equal(files, want) {
					t.Errorf("files %v, want %v", files, want)
				}
				if _, said := plan.Annotations["org.opencontainers.image.licenses"]; said {
					t.Error("a licence is told, though that of the action is not known")
				}
			}
		})
	}
}

package build

import (
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

func TestCheckBudget(t *testing.T) {
	rows := planned([]plan.Image{{Name: "x", Platform: images.LinuxAMD64, Layers: []layer.Layer{
		{Name: "base", DockerSize: 1}, {Name: "bash", DockerSize: 4}, {Name: "proxy", DockerSize: 3}, {Name: "action", DockerSize: 2},
	}}})
	for _, test := range []struct {
		name   string
		budget images.Size
		allow  bool
		want   string
	}{
		{"at its budget", 10, false, ""},
		{"over its budget", 9, false, "x (linux/amd64) is 10 B, over its budget of 9 B by 1 B; heaviest layers: bash 4 B, proxy 3 B, action 2 B; " +
			"make it smaller, raise the budget in its definition or give --allow-over-budget"},
		{"allowed", 9, true, ""},
		{"without a budget", 0, false, ""},
	} {
		r := &run{Options: Options{AllowOverBudget: test.allow}}
		err := r.checkBudget(images.Definition{Name: "x", Budget: test.budget}, rows)
		if got := text(err); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

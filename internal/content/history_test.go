package content

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestLayerNames(t *testing.T) {
	tests := []struct {
		name    string
		history []v1.History
		want    []string
		own     []string
	}{
		{"ours", []v1.History{{CreatedBy: "mkimage base"}, {CreatedBy: "mkimage proxy"}}, []string{"base", "proxy"}, []string{"base", "proxy"}},
		{"an empty layer between", []v1.History{{CreatedBy: "mkimage base"}, {CreatedBy: "ENV A=b", EmptyLayer: true}, {CreatedBy: "mkimage proxy"}}, []string{"base", "proxy"}, []string{"base", "proxy"}},
		{"somebody else's", []v1.History{{CreatedBy: "RUN make all"}, {CreatedBy: "mkimage proxy"}}, []string{"layer 1", "proxy"}, []string{"", "proxy"}},
		{"somebody else's, of one word", []v1.History{{CreatedBy: "base"}, {CreatedBy: "mkimage proxy"}}, []string{"base", "proxy"}, []string{"", "proxy"}},
		{"none", nil, []string{"layer 1", "layer 2"}, []string{"", ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, LayerNames(test.history, 2)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.own, OwnNames(test.history, 2)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

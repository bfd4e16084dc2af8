package wsk

import (
	"encoding/base64"
	"strings"
	"testing"
)

// TestCheckSize holds that the size of code is that of its encoded form with what OpenWhisk adds: the image and the
// name of the function.
func TestCheckSize(t *testing.T) {
	const image = "docker.io/you/go:content-0123456789ab"
	for name, test := range map[string]struct {
		action Action
		ok     bool
	}{
		"none":              {Action{Image: image}, true},
		"all that is taken": {Action{Image: image, Main: "main", Code: &Code{text: strings.Repeat("x", maxCode-len(image)-4)}}, true},
		"a byte more":       {Action{Image: image, Main: "main", Code: &Code{text: strings.Repeat("x", maxCode-len(image)-3)}}, false},
	} {
		if err := test.action.CheckSize(); (err == nil) != test.ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if got := base64.StdEncoding.EncodedLen(MostZip); got != maxCode {
		t.Errorf("the largest zip is sent as %d bytes", got)
	}
}

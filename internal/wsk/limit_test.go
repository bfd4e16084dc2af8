package wsk

import (
	"encoding/base64"
	"strings"
	"testing"
)

// TestCheckSize holds that code is counted as it travels, with what OpenWhisk counts to it.
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
	largest := base64.StdEncoding.DecodedLen(maxCode)
	if err := CheckUpload("a.zip", largest); err != nil {
		t.Errorf("got %v", err)
	}
	want := "a.zip is too large for an upload: 50331652 bytes as it is sent (a zip in base64), and OpenWhisk takes 48 MB, 50331648 bytes: " +
		"bake it into the image with mkimage build --action"
	if err := CheckUpload("a.zip", largest+1); err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

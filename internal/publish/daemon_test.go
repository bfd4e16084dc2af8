package publish

import (
	"runtime"
	"testing"
)

func TestUnreachableDaemon(t *testing.T) {
	address := "tcp://" + freeAddress(t)
	t.Setenv("DOCKER_HOST", address)
	_, err := writeTo(t.Context(), Output{Type: Daemon}, "scratch", sample(t, "linux/"+runtime.GOARCH))
	want := "load scratch:latest: no Docker Engine answers at " + address + ": start it, or set DOCKER_HOST"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestLoadError(t *testing.T) {
	tests := []struct{ name, answer, want string }{
		{"loaded", `{"stream":"Loaded image: scratch:latest\n"}`, ""},
		{"refused", `{"stream":"a"}` + "\n" + `{"errorDetail":{"message":"invalid tar header"},"error":"invalid tar header"}`, "invalid tar header"},
		{"plain text", "Loaded image: scratch:latest", ""},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := loadError(test.answer)
			if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

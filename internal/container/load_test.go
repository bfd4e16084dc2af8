package container

import "testing"

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

func TestPath(t *testing.T) {
	for title, want := range map[string]string{"hello": "hello", "My Image_1.2": "my-image-1-2", "..": "image", "you/app:dev": "you-app-dev"} {
		if got := path(title); got != want {
			t.Errorf("%q: got %q, want %q", title, got, want)
		}
	}
}

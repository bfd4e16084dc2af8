package wsk

import (
	"fmt"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
)

// Kind is the name of a runtime, such as bash:5. Actions that name no version, as in bash:default, get the default of
// the family.
type Kind struct{ Family, Version string }

func (k Kind) String() string { return k.Family + ":" + k.Version }

// kindPattern has families as OpenWhisk looks for them in front of ":default" (ExecManifest.scala, defaultSplitter).
var kindPattern = regexp.MustCompile(`^([a-z0-9]+):([A-Za-z0-9][A-Za-z0-9._-]*)$`)

// ParseKind reads FAMILY:VERSION.
func ParseKind(text string) (Kind, error) {
	parts := kindPattern.FindStringSubmatch(text)
	switch {
	case parts == nil:
		return Kind{}, fmt.Errorf("%q cannot be a kind: want FAMILY:VERSION such as bash:5, the family of lower case letters and digits", text)
	case parts[2] == "default":
		return Kind{}, fmt.Errorf("%q cannot be a kind: OpenWhisk takes it for the default of %s", text, parts[1])
	}
	return Kind{parts[1], parts[2]}, nil
}

// familyOf returns an image's name as the name of a family.
func familyOf(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}

// kindOf returns the image's name with the major version of the Alpine package that is called so, such as bash:5, or
// python:3 for python3. It returns "" where there is no such package.
func kindOf(name string, img v1.Image) (string, error) {
	store, _ := cache.Open("") // without a cache, the layers are read each time
	name = familyOf(name)
	found, err := content.Read(img, store)
	if err != nil {
		return "", err
	}
	packages, err := apkfs.ReadInstalled(found.Texts[content.DatabasePath])
	if err != nil {
		return "", err
	}
	for _, p := range packages {
		if p.Name == name || strings.TrimRight(p.Name, "0123456789") == name {
			major, _, _ := strings.Cut(p.Version, ".")
			return name + ":" + major, nil
		}
	}
	return "", nil
}

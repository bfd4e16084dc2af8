package images

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// Platform is an operating system and a machine.
type Platform string

// The platforms that images are built for.
const (
	LinuxAMD64 Platform = "linux/amd64"
	LinuxARM64 Platform = "linux/arm64"
)

// Platforms lists the supported platforms.
func Platforms() []Platform { return []Platform{LinuxAMD64, LinuxARM64} }

// OS returns the operating system, as Go and OCI name it: "linux".
func (p Platform) OS() string { return strings.Split(string(p), "/")[0] }

// Architecture returns the machine, as Go and OCI name it: "amd64".
func (p Platform) Architecture() string { return strings.TrimPrefix(string(p), p.OS()+"/") }

// ParsePlatforms reads a list such as "linux/amd64,linux/arm64". One that is listed twice counts once.
func ParsePlatforms(list string) ([]Platform, error) {
	var platforms []Platform
	for word := range strings.SplitSeq(list, ",") {
		platform := Platform(strings.TrimSpace(word))
		if problem, near := platform.check(); problem != "" {
			if near != "" {
				problem += fmt.Sprintf(" (did you mean %q?)", near)
			}
			return nil, fmt.Errorf("%s", problem)
		}
		if !slices.Contains(platforms, platform) {
			platforms = append(platforms, platform)
		}
	}
	return platforms, nil
}

// check returns the problem with a platform, if there is one, and the nearest supported platform.
func (p Platform) check() (problem, near string) {
	if slices.Contains(Platforms(), p) {
		return "", ""
	}
	supported := make([]string, 0, 2)
	for _, platform := range Platforms() {
		supported = append(supported, string(platform))
	}
	return fmt.Sprintf("platform %q is not supported; images are built for %s", string(p), strings.Join(supported, " and ")),
		suggest.Word(string(p), supported)
}

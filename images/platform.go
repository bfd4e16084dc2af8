package images

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// Platform is an operating system and a machine, with the variant of a machine that has some.
type Platform string

// The platforms that images are built for.
const (
	LinuxAMD64   Platform = "linux/amd64"
	LinuxARM64   Platform = "linux/arm64"
	LinuxARMv7   Platform = "linux/arm/v7"
	LinuxPPC64LE Platform = "linux/ppc64le"
	LinuxRISCV64 Platform = "linux/riscv64"
	LinuxS390X   Platform = "linux/s390x"
)

// Platforms lists the supported platforms.
func Platforms() []Platform {
	return []Platform{LinuxAMD64, LinuxARM64, LinuxARMv7, LinuxPPC64LE, LinuxRISCV64, LinuxS390X}
}

// UsualPlatforms lists the platforms that an image is built for where nobody says which.
func UsualPlatforms() []Platform { return []Platform{LinuxAMD64, LinuxARM64} }

// PlatformOf returns the platform of an image's config or index (OCI image index, "platform"). Images of 64-bit ARM
// may name their one variant, v8, and those of 32-bit ARM without one are of v7.
func PlatformOf(system, machine, variant string) Platform {
	platform := system + "/" + machine
	if machine == "arm" {
		if variant == "" {
			variant = "v7"
		}
		platform += "/" + variant
	}
	return Platform(platform)
}

// OS returns the operating system, as Go and OCI name it: "linux".
func (p Platform) OS() string { return strings.Split(string(p), "/")[0] }

// Architecture returns the machine, as Go and OCI name it: "amd64".
func (p Platform) Architecture() string {
	machine, _, _ := strings.Cut(strings.TrimPrefix(string(p), p.OS()+"/"), "/")
	return machine
}

// Variant returns the machine's variant, as OCI names it: "v7", or "".
func (p Platform) Variant() string {
	return strings.TrimPrefix(strings.TrimPrefix(string(p), p.OS()+"/"+p.Architecture()), "/")
}

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

// others are the platforms by other names of their processors.
var others = map[string]string{
	"amd64": "linux/amd64", "x86_64": "linux/amd64", "x86-64": "linux/amd64", "x64": "linux/amd64",
	"arm64": "linux/arm64", "aarch64": "linux/arm64", "arm64/v8": "linux/arm64",
}

// check returns the problem with a platform, if there is one, and the nearest supported platform.
func (p Platform) check() (problem, near string) {
	if slices.Contains(Platforms(), p) {
		return "", ""
	}
	supported := make([]string, 0, len(Platforms()))
	for _, platform := range Platforms() {
		supported = append(supported, string(platform))
	}
	last := len(supported) - 1
	return fmt.Sprintf("platform %q is not supported; images are built for %s and %s", string(p), strings.Join(supported[:last], ", "), supported[last]),
		cmp.Or(others[strings.TrimPrefix(string(p), "linux/")], suggest.Word(string(p), supported))
}

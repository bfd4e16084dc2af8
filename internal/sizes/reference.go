package sizes

import (
	"fmt"
	"strings"
)

// Reference is an image that people use today, to hold ours against.
type Reference struct {
	Name       string `json:"name"`
	DockerSize int64  `json:"docker_size"`
	Source     string `json:"source"`
}

const listing = "README of openwhisk-runtime-go, 2018 (`docker images` listing)"

// References returns the images to compare with, which many people run today.
func References() []Reference {
	return []Reference{
		{"openwhisk/dockerskeleton", 109_000_000, listing},
		{"openwhisk/python3action", 289_000_000, listing},
		{"sciabarracom/openwhisk-exec", 10_400_000, listing},
		{"sciabarracom/openwhisk-hello", 16_700_000, listing},
	}
}

// Short returns the reference's name without the account that published it.
func (r Reference) Short() string {
	_, name, _ := strings.Cut(r.Name, "/")
	return name
}

// Factor compares a docker size with the reference's, such as "65x smaller", "1.4x smaller" or "2.1x larger". Digits
// are cut rather than rounded, so that it never says more than is so.
func (r Reference) Factor(dockerSize int64) string {
	if dockerSize <= 0 {
		return ""
	}
	factor, word := float64(r.DockerSize)/float64(dockerSize), "smaller"
	if factor < 1 {
		factor, word = 1/factor, "larger"
	}
	if factor < 10 {
		tenths := int(factor * 10)
		if tenths == 10 {
			return "same size"
		}
		return fmt.Sprintf("%d.%dx %s", tenths/10, tenths%10, word)
	}
	return fmt.Sprintf("%dx %s", int(factor), word)
}

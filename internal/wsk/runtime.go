package wsk

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
)

// Runtime is an entry of OpenWhisk's runtimes.json, which makes an image a kind (ExecManifest.scala, RuntimeManifest).
type Runtime struct {
	Kind       string          `json:"kind"`
	Default    bool            `json:"default"` // of the kinds of its family
	Deprecated bool            `json:"deprecated"`
	Image      runtimeImage    `json:"image"`
	Sentinels  *bool           `json:"sentinelledLogs,omitempty"` // nil is true
	Attached   attached        `json:"attached"`
	StemCells  []prewarmedKind `json:"stemCells"`
}

// runtimeImage is a reference in the parts that OpenWhisk puts together again (ExecManifest.scala, ImageName).
type runtimeImage struct {
	Registry string `json:"registry,omitempty"`
	Prefix   string `json:"prefix,omitempty"`
	Name     string `json:"name"`
	Tag      string `json:"tag"`
}

// attached makes OpenWhisk keep an action's code as an attachment.
type attached struct {
	Name string `json:"attachmentName"`
	Type string `json:"attachmentType"`
}

// prewarmedKind is how many containers wait for actions with this memory.
type prewarmedKind struct {
	Count  int    `json:"initialCount"`
	Memory string `json:"memory"`
}

// Offer returns the entry that offers the image, which was looked at, as a kind: FAMILY:VERSION, or "" for a kind after
// the image. An image that brings its action is refused: an action of a kind has code.
func (i Image) Offer(kind string, memory int) (Runtime, error) {
	config, err := i.img.ConfigFile()
	if err != nil {
		return Runtime{}, err
	}
	if content.IsOurs(config.History) && !i.Empty {
		return Runtime{}, fmt.Errorf("the image %s brings its action, and actions of a kind bring theirs: offer the image without one", i.Name)
	}
	if kind == "" {
		if kind, err = kindOf(i.Name, i.img); err != nil {
			return Runtime{}, err
		}
		if kind == "" {
			return Runtime{}, fmt.Errorf("which kind is %s to be? give FAMILY:VERSION behind it, such as %s:1", i.Name, familyOf(i.Name))
		}
	}
	parsed, err := ParseKind(kind)
	return NewRuntime(i, parsed, memory), err
}

// defaultMemory is the default memory of an action, in MB.
const defaultMemory = 256

// NewRuntime returns the entry that offers the image as a kind, with a prewarmed container for actions of that memory,
// in MB; 0 is OpenWhisk's default.
func NewRuntime(image Image, kind Kind, memory int) Runtime {
	if memory == 0 {
		memory = defaultMemory
	}
	r := Runtime{
		Kind: kind.String(), Image: splitImage(image.Repository, publish.ContentTag(image.Digest)),
		Attached:  attached{"codefile", "text/plain"},
		StemCells: []prewarmedKind{{1, fmt.Sprint(memory, " MB")}},
	}
	if image.JSONLog {
		r.Sentinels = new(bool)
	}
	return r
}

// splitImage takes a repository apart as Docker does: the first element is a registry if it has a dot or a port, or is
// localhost. The Docker Hub is no registry.
func splitImage(repository, tag string) runtimeImage {
	image := runtimeImage{Tag: tag}
	if host, rest, ok := strings.Cut(repository, "/"); ok && (strings.ContainsAny(host, ".:") || host == "localhost") {
		repository = rest
		if host != "docker.io" && host != "index.docker.io" {
			image.Registry = host
		}
	}
	if i := strings.LastIndex(repository, "/"); i >= 0 {
		image.Prefix, repository = repository[:i], repository[i+1:]
	}
	image.Name = repository
	return image
}

// Entry returns the entry below its family, as a member of "runtimes".
func (r Runtime) Entry() ([]byte, error) {
	family, _, _ := strings.Cut(r.Kind, ":")
	text, err := json.MarshalIndent(map[string][]Runtime{family: {r}}, "", "    ")
	return append(text, '\n'), err
}

// Notes returns a line for each thing that an operator has to know of the entry.
func (r Runtime) Notes() []string {
	image := r.Image
	reference := image.Name + ":" + image.Tag
	for _, part := range []string{image.Prefix, image.Registry} {
		if part != "" {
			reference = part + "/" + reference
		}
	}
	notes := []string{
		"an invoker never pulls the image of a kind: docker pull " + reference + " on each, before the controllers and invokers start with this entry",
		"only actions with exactly " + r.StemCells[0].Memory + " of memory get the prewarmed container",
	}
	if image.Registry == "" {
		notes = append(notes, "the image is on the Docker Hub, so the entry names no registry, and invokers with a runtimes-registry "+
			"(CONFIG_whisk_containerFactory_runtimesRegistry_url) look for it there")
	}
	if r.Sentinels != nil {
		notes = append(notes, "sentinelledLogs is false, for the image has OW_LOG_FORMAT=json: its log has no sentinels that the invoker could wait for")
	}
	return notes
}

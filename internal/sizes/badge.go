package sizes

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// badge writes the JSON of a badge (https://shields.io/badges/endpoint-badge). Of an image's platforms it tells the
// largest.
func (r Record) badge(w io.Writer) error {
	if len(r.Images) == 0 {
		return fmt.Errorf("a badge is of one image, and none is in the size record")
	}
	most := r.Images[0]
	for _, image := range r.Images {
		if image.Name != most.Name {
			return fmt.Errorf("a badge is of one image: name it, such as mkimage sizes %s --format badge", most.Name)
		}
		if image.DockerSize > most.DockerSize {
			most = image
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		Schema  int    `json:"schemaVersion"`
		Label   string `json:"label"`
		Message string `json:"message"`
		Color   string `json:"color"`
	}{1, most.Name + " image", human.Bytes(most.DockerSize), "blue"})
}

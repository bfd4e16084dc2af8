package sizes

import (
	"fmt"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// Over is a row that weighs more than its definition allows.
type Over struct {
	Image  Image
	Budget int64 // docker size in bytes
}

// Check returns the rows that are over the budget of their name; a name without a budget has no limit.
func (r Record) Check(budgets map[string]int64) []Over {
	var over []Over
	for _, image := range r.Images {
		if budget := budgets[image.Name]; budget > 0 && image.DockerSize > budget {
			over = append(over, Over{image, budget})
		}
	}
	return over
}

// String returns the excess of the row, with its heaviest layers.
func (o Over) String() string {
	text := fmt.Sprintf("%s (%s) is %s, over its budget of %s by %s; heaviest layers:", o.Image.Name, o.Image.Platform,
		human.Bytes(o.Image.DockerSize), human.Bytes(o.Budget), human.Bytes(o.Image.DockerSize-o.Budget))
	for n, layer := range o.Image.Heaviest() {
		if n == 3 {
			break
		}
		if n > 0 {
			text += ","
		}
		text += fmt.Sprintf(" %s %s", layer.Name, human.Bytes(layer.DockerSize))
	}
	if o.Image.From != "" {
		text += "; measured in the last build, " + o.Image.From
	}
	return text
}

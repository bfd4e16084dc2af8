package sizes

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// Growth is how much an image may grow: by a share of its former docker size, or by bytes.
type Growth struct {
	Percent float64
	Bytes   int64
	text    string
}

// ParseGrowth reads "2%" or a size such as "100kB", which parse reads.
func ParseGrowth(text string, parse func(string) (int64, error)) (Growth, error) {
	if number, isShare := strings.CutSuffix(text, "%"); isShare {
		share, err := strconv.ParseFloat(number, 64)
		if err != nil || share < 0 || math.IsNaN(share) || math.IsInf(share, 0) || strings.Trim(number, "0123456789.") != "" {
			return Growth{}, fmt.Errorf("%q is neither a share such as 2%% nor a size such as 100kB", text)
		}
		return Growth{Percent: share, text: text}, nil
	}
	if text == "0" {
		return Growth{text: text}, nil
	}
	bytes, err := parse(text)
	if err != nil {
		return Growth{}, fmt.Errorf("%q is neither a share such as 2%% nor a size such as 100kB", text)
	}
	return Growth{Bytes: bytes, text: text}, nil
}

// Exceeds reports whether a docker size has grown by more.
func (g Growth) Exceeds(former, now int64) bool {
	return former > 0 && float64(now-former) > float64(g.Bytes)+g.Percent/100*float64(former)
}

// Grown returns a line on each row that has grown by more than is allowed, with the packages and layers that did.
func (c Comparison) Grown(limit Growth) []string {
	var lines []string
	for _, row := range c.Changed {
		if !limit.Exceeds(row.FormerDocker, row.DockerSize) {
			continue
		}
		line := fmt.Sprintf("%s (%s) is %s, and grew by %s, more than %s", row.Name, row.Platform, human.Bytes(row.DockerSize),
			change(row.FormerDocker, row.DockerSize)[1:], limit.text)
		var grew []string
		for _, move := range row.Moved {
			if move.By > 0 {
				grew = append(grew, move.String())
			}
		}
		if len(grew) > 0 {
			line += ": " + strings.Join(grew[:min(len(grew), 5)], ", ")
		}
		lines = append(lines, line)
	}
	return lines
}

// Move is a package or a layer that has another size or version than before.
type Move struct {
	Name   string `json:"name"`
	Layer  bool   `json:"layer,omitempty"` // it is a whole layer, whose packages are not known
	Former string `json:"former_version,omitempty"`
	Now    string `json:"version,omitempty"`
	By     int64  `json:"by"` // bytes
	fresh  bool
	gone   bool
}

// String returns such as "jq 1.7.1-r0 to 1.8.0-r0 (+20.0 kB)".
func (m Move) String() string {
	text := m.Name
	switch {
	case m.Layer:
		text = "layer " + m.Name
	case m.Former != "" && m.Now != "" && m.Former != m.Now:
		text += " " + m.Former + " to " + m.Now
	case m.Now != "":
		text += " " + m.Now
	default:
		text += " " + m.Former
	}
	switch {
	case m.fresh:
		return text + " (new, " + Signed(m.By) + ")"
	case m.gone:
		return text + " (gone, " + Signed(m.By) + ")"
	}
	return text + " (" + Signed(m.By) + ")"
}

// Signed returns a difference of sizes with its sign, such as "+20.0 kB".
func Signed(by int64) string {
	switch {
	case by > 0:
		return "+" + human.Bytes(by)
	case by < 0:
		return "-" + human.Bytes(-by)
	}
	return "±0 B"
}

// moved returns the packages that two rows of an image have in other versions or sizes, and the layers that differ for
// another reason, the largest difference first.
func moved(former, now Image) []Move {
	var moves []Move
	inLayer := map[string]int64{} // the difference of a layer that its packages account for
	packages := func(i Image) map[string]Package {
		all := map[string]Package{}
		if i.Contents != nil {
			for _, p := range i.Contents.Packages {
				all[p.Name] = p
			}
		}
		return all
	}
	before, after := packages(former), packages(now)
	if former.Contents == nil || now.Contents == nil { // a record from before packages were recorded
		before, after = nil, nil
	}
	for name, p := range after {
		old, was := before[name]
		inLayer[p.Layer] += p.DockerSize
		inLayer[old.Layer] -= old.DockerSize
		if !was || old.Version != p.Version || old.DockerSize != p.DockerSize {
			moves = append(moves, Move{Name: name, Former: old.Version, Now: p.Version, By: p.DockerSize - old.DockerSize, fresh: !was})
		}
	}
	for name, old := range before {
		if _, is := after[name]; !is {
			inLayer[old.Layer] -= old.DockerSize
			moves = append(moves, Move{Name: name, Former: old.Version, By: -old.DockerSize, gone: true})
		}
	}
	layers := func(i Image) map[string]int64 {
		all := map[string]int64{}
		for _, l := range i.Layers {
			all[l.Name] += l.DockerSize
		}
		return all
	}
	lower, upper := layers(former), layers(now)
	for name, size := range upper {
		if by := size - lower[name] - inLayer[name]; by != 0 {
			_, was := lower[name]
			moves = append(moves, Move{Name: name, Layer: true, By: by, fresh: !was})
		}
	}
	for name, size := range lower {
		if _, is := upper[name]; !is && size+inLayer[name] != 0 {
			moves = append(moves, Move{Name: name, Layer: true, By: -size - inLayer[name], gone: true})
		}
	}
	magnitude := func(m Move) int64 { return max(m.By, -m.By) }
	slices.SortFunc(moves, func(a, b Move) int {
		return cmp.Or(cmp.Compare(magnitude(b), magnitude(a)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.String(), b.String()))
	})
	return moves
}

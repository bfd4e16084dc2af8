package sizes

import (
	"math"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// Bar is a docker size to draw.
type Bar struct {
	Title string
	Size  int64  // bytes
	Note  string // such as "quoted"
}

// Scale is a log scale of sizes, from a power of ten well below the smallest one to a power of ten above the largest.
type Scale struct{ least, most float64 } // powers

// room is the least power between the begin of a scale and the smallest size, whose bar would else be none.
const room = 0.15

// ScaleOf returns the scale for these sizes. Sizes of 0 are not on it.
func ScaleOf(bars []Bar) Scale {
	scale := Scale{math.Inf(1), math.Inf(-1)}
	for _, bar := range bars {
		if bar.Size > 0 {
			power := math.Log10(float64(bar.Size))
			scale.least, scale.most = min(scale.least, math.Floor(power-room)), max(scale.most, math.Ceil(power))
		}
	}
	switch {
	case math.IsInf(scale.least, 0):
		scale = Scale{6, 7}
	case scale.most <= scale.least:
		scale.most = scale.least + 1
	}
	return scale
}

// Share returns the place of a size on the scale, from 0 to 1.
func (s Scale) Share(size int64) float64 {
	if size <= 0 {
		return 0
	}
	return min(1, max(0, (math.Log10(float64(size))-s.least)/(s.most-s.least)))
}

// Marks returns the powers of ten on the scale, in bytes.
func (s Scale) Marks() []int64 {
	var marks []int64
	for power := s.least; power <= s.most; power++ {
		marks = append(marks, int64(math.Round(math.Pow(10, power))))
	}
	return marks
}

// Bars returns sizes as lines of text with bars on a log scale, and a line that names the scale.
func Bars(bars []Bar, columns int) []string {
	scale, view := ScaleOf(bars), terminal.View{}
	var lines [][]string
	for _, bar := range bars {
		lines = append(lines, []string{fenced(bar.Title), view.Pad(view.Bar(scale.Share(bar.Size), columns), columns), human.Bytes(bar.Size), fenced(bar.Note)})
	}
	marks := scale.Marks()
	return append(align(lines, 2), "each bar begins at "+human.Bytes(marks[0])+", on a logarithmic scale to "+human.Bytes(marks[len(marks)-1]))
}

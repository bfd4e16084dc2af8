package report

import (
	"slices"
	"testing"
)

func TestMedian(t *testing.T) {
	tests := []struct {
		name   string
		values []float64
		want   float64
	}{
		{"none", nil, 0},
		{"one", []float64{3}, 3},
		{"odd, unsorted", []float64{9, 1, 2}, 2},
		{"even", []float64{4, 1, 2, 9}, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Median(test.values); got != test.want {
				t.Errorf("median of %v: %v, want %v", test.values, got, test.want)
			}
		})
	}
}

func TestRatiosAreTakenRoundByRound(t *testing.T) {
	var r Record
	a, b := Point{"s", "a", "p50"}, Point{"s", "b", "p50"}
	r.Add(0, a, 10)
	r.Add(0, b, 20)
	r.Add(1, a, 300) // the machine was slow for both
	r.Add(1, b, 400)
	r.Add(2, a, 10) // b failed
	r.Add(3, a, 10)
	r.Add(3, b, 0)
	if got, want := r.Ratios(a, b), []float64{0.5, 0.75}; !slices.Equal(got, want) {
		t.Errorf("ratios %v, want %v", got, want)
	}
	if got, want := r.Values(a), []float64{10, 300, 10, 10}; !slices.Equal(got, want) {
		t.Errorf("values %v, want %v", got, want)
	}
}

//go:build linux

package main

import (
	"slices"
	"testing"
)

func TestJudge(t *testing.T) {
	// rounds returns the values of eight rounds, each of which is as slow as the machine was.
	rounds := func(value float64, factors ...float64) []float64 {
		machine := []float64{1, 1.5, 1, 2, 1, 1, 3, 1}
		all := make([]float64, len(machine))
		for i := range all {
			all[i] = value * machine[i]
			if len(factors) > 0 {
				all[i] *= factors[i%len(factors)]
			}
		}
		return all
	}
	quiet, noisy := []float64{1, 1.01}, []float64{0.8, 1.25}
	tests := []struct {
		name        string
		a, again, b []float64
		more        bool
		want        string
	}{
		{"the same on a machine that drifts", rounds(10), rounds(10), rounds(10), false, within},
		{"a little more, but no more than chance", rounds(10), rounds(10, quiet...), rounds(10.2), false, within},
		{"slower", rounds(10), rounds(10, quiet...), rounds(11), false, slower},
		{"faster", rounds(10), rounds(10, quiet...), rounds(9), false, faster},
		{"more runs a second", rounds(10), rounds(10, quiet...), rounds(11), true, faster},
		{"fewer runs a second", rounds(10), rounds(10, quiet...), rounds(9), true, slower},
		{"a little slower under noise", rounds(10), rounds(10, noisy...), rounds(11.5), false, within},
		{"much slower under noise", rounds(10), rounds(10, noisy...), rounds(30), false, slower},
		{"one round that something else disturbed", rounds(10), rounds(10, 1, 1, 1, 9, 1, 1, 1, 1), rounds(10, 1, 1, 1, 9, 1, 1, 1, 1), false, within},
		{"twice as slow in too few of the rounds", rounds(10), rounds(10, quiet...), rounds(10, 2, 2, 2, 2, 2, 2, 1, 1), false, within},
		{"slower in all rounds, but less than matters", rounds(10), rounds(10.1), rounds(10.3), false, within},
		{"too few rounds", rounds(10)[:6], rounds(10)[:6], rounds(30)[:6], false, tooFew},
		{"as many rounds as were measured of all three", rounds(10), rounds(10), rounds(30)[:4], false, tooFew},
		{"no rounds", nil, nil, nil, false, tooFew},
		{"nothing but zeros", rounds(0), rounds(0), rounds(0), false, tooFew},
		{"zeros of the new one", rounds(10), rounds(10), rounds(0), false, tooFew},
		{"a round with a zero", rounds(10, 0, 1, 1, 1, 1, 1, 1, 1), rounds(10), rounds(20), false, slower},
		{"two rounds with a zero", rounds(10, 0, 1, 1, 1, 1, 1, 1, 0), rounds(10), rounds(20), false, tooFew},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := judge(test.a, test.again, test.b, test.more)
			if got.Verdict != test.want {
				t.Errorf("%+v, want %q", got, test.want)
			}
			swapped := judge(test.again, test.a, test.b, test.more)
			if swapped.Verdict != got.Verdict {
				t.Errorf("%+v when A and A' change places, %+v before", swapped, got)
			}
		})
	}
}

// TestNoise: more rounds of the same noise find smaller differences.
func TestNoise(t *testing.T) {
	a, again := []float64{10, 10, 10, 10, 10, 10, 10}, []float64{11, 9, 10.5, 9.5, 11, 9, 10.2}
	b := []float64{11.2, 10.2, 10.7, 10.4, 11.4, 10.2, 10.5}
	few, many := judge(a, again, b, false), judge(slices.Repeat(a, 8), slices.Repeat(again, 8), slices.Repeat(b, 8), false)
	if few.Verdict != within || many.Verdict != slower || few.Noise <= many.Noise || few.Ratio != many.Ratio {
		t.Errorf("%+v, and with more rounds %+v", few, many)
	}
	if quiet := judge(a, a, a, false); quiet.Noise != leastNoise {
		t.Errorf("%+v without any noise", quiet)
	}
}

// TestNeeded: sums of the binomial distribution with a chance of one in three.
func TestNeeded(t *testing.T) {
	for n, want := range map[int]int{5: 6, 6: 7, 7: 7, 9: 9, 10: 9, 15: 12, 30: 20} {
		if got := needed(n); got != want {
			t.Errorf("of %d rounds: %d, want %d", n, got, want)
		}
	}
}

func TestWeigh(t *testing.T) {
	for _, test := range []struct {
		a, b int64
		want string
	}{{100, 100, same}, {100, 101, larger}, {100, 99, smaller}, {0, 0, same}} {
		if got := weigh(test.a, test.b); got != test.want {
			t.Errorf("%d and %d: %q, want %q", test.a, test.b, got, test.want)
		}
	}
}

//go:build linux

package main

import (
	"math"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
)

// Verdicts on a measure.
const (
	slower = "slower"
	faster = "faster"
	within = "within noise"
	tooFew = "too few rounds"

	larger  = "larger"
	smaller = "smaller"
	same    = "the same"
)

// leastRounds is how many rounds a verdict needs: with fewer, chance alone has B slower in all of them too often.
const leastRounds = 7

// leastNoise is the difference that is noise on the quietest machine: where code and data happen to lie in memory makes
// as much.
const leastNoise = 0.03

// judgement is what the rounds say of a measure.
type judgement struct {
	A, B    float64 // medians; A of both measurements of the base
	Ratio   float64 // the median of the rounds' B ÷ A
	Noise   float64 // 0.05: a ratio between 1 ÷ 1.05 and 1.05 may be noise
	Beyond  int     // the rounds in which B is on its side of both A and A'
	Rounds  int     // all that count
	Verdict string
}

// judge compares the values of a measure, round by round: a and again are both of the base, b is of the next revision. more
// says that more is better. Rounds with a value of zero say nothing.
//
// B is slower when two things hold. It is slower than A and than A' in more rounds than chance explains. And the median of
// the ratios is beyond the noise: how far A' is from A in the rounds, though both are the same program, says how far B
// would be from A if it were the same, too.
func judge(a, again, b []float64, more bool) judgement {
	var j judgement
	var base, next, distances, ratios []float64
	above, below := 0, 0
	for i := range min(len(a), len(again), len(b)) {
		if a[i] <= 0 || again[i] <= 0 || b[i] <= 0 {
			continue
		}
		base, next = append(base, a[i], again[i]), append(next, b[i])
		distances = append(distances, math.Abs(math.Log(again[i]/a[i])))
		ratios = append(ratios, b[i]/math.Sqrt(a[i]*again[i]))
		switch {
		case b[i] > max(a[i], again[i]):
			above++
		case b[i] < min(a[i], again[i]):
			below++
		}
	}
	j.A, j.B, j.Ratio, j.Rounds = report.Median(base), report.Median(next), report.Median(ratios), len(ratios)
	if j.Rounds < leastRounds {
		j.Verdict = tooFew
		return j
	}
	j.Noise = max(leastNoise, math.Expm1(noiseOf(distances)))
	worse, better := slower, faster
	if more {
		worse, better = faster, slower
	}
	j.Verdict, j.Beyond = within, below
	if j.Ratio > 1 {
		j.Beyond = above
	}
	switch enough := j.Beyond >= needed(j.Rounds); {
	case enough && j.Ratio > 1+j.Noise:
		j.Verdict = worse
	case enough && j.Ratio < 1/(1+j.Noise):
		j.Verdict = better
	}
	return j
}

// noiseOf returns how far the logarithm of the median ratio may be from 0: three standard errors. The deviation comes from
// the middle of the distances, so a few rounds that something else disturbed do not count.
func noiseOf(distances []float64) float64 {
	const deviation = 1.4826 // of a normal distribution with this middle of distances
	return 3 * deviation * report.Median(distances) / math.Sqrt(float64(len(distances)))
}

// chance is how likely one measure may be told slower though it is the same: with some twenty measures, one comparison in
// a hundred has such a one.
const chance = 1.0 / 2000

// needed returns in how many of n rounds B has to be the largest of the three. If all three are the same, whatever the
// noise is like, that has a chance of one in three in each round.
func needed(n int) int {
	likely, probability := 0.0, math.Pow(1.0/3, float64(n)) // of n rounds, then of fewer
	for k := n; k >= 0; k-- {
		if likely += probability; likely > chance {
			return k + 1
		}
		probability *= 2 * float64(k) / float64(n-k+1)
	}
	return 0
}

// weigh compares two sizes of the same thing, which have no noise.
func weigh(a, b int64) string {
	switch {
	case b > a:
		return larger
	case b < a:
		return smaller
	}
	return same
}

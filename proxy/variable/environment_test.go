package variable

import (
	"slices"
	"strconv"
	"testing"
)

func TestWith(t *testing.T) {
	env := []string{"A=1", "B=2", "A=3", "odd"}
	got := With(env, [][2]string{{"B", "x=y"}, {"C", "c"}, {"B", ""}, {"D", ""}})
	if want := []string{"A=3", "B=", "odd", "C=c", "D="}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !slices.Equal(env, []string{"A=1", "B=2", "A=3", "odd"}) {
		t.Errorf("it changed what it was given to %q", env)
	}
}

// One that looked through the list for each variable would take minutes.
func TestWithTakesAnyNumber(t *testing.T) {
	variables := make([][2]string, 400_000)
	for i := range variables {
		variables[i] = [2]string{"V" + strconv.Itoa(i%300_000), strconv.Itoa(i)}
	}
	got := With([]string{"V7=before"}, variables)
	if len(got) != 300_000 || got[0] != "V7=300007" || got[299_999] != "V299999=299999" {
		t.Errorf("%d variables, the first is %s", len(got), got[0])
	}
}

func TestMembers(t *testing.T) {
	got, err := Members([]byte(`{"A":"x\"y","B":[1, {"c" : 2}],"C":null,"":1,"a=b":1,"z\u0000":1,"D":"cut\u0000off","a":1.50}`))
	want := [][2]string{{"A", `x"y`}, {"B", `[1,{"c":2}]`}, {"C", "null"}, {"D", "cut"}, {"a", "1.50"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestOfRequest(t *testing.T) {
	got := OfRequest([]byte(`{"value":{"a":1},"activation_id":"x","é_key":true,"a=b":1,"":0}`))
	want := [][2]string{{"__OW_ACTIVATION_ID", "x"}, {"__OW_é_KEY", "true"}, {"__OW_", "0"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

package wsk

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// sameJSON reports whether two JSON texts have the same value: OpenWhisk sorts the members of objects and writes
// numbers its own way. Of a member that stands twice, the last counts, there as here.
func sameJSON(a, b json.RawMessage) bool {
	x, xErr := decode(a)
	y, yErr := decode(b)
	return xErr == nil && yErr == nil && reflect.DeepEqual(x, y)
}

func decode(text json.RawMessage) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return normal(value), nil
}

// normal puts every number of a value into its one plain form.
func normal(value any) any {
	switch value := value.(type) {
	case json.Number:
		return numberOf(string(value))
	case []any:
		for i := range value {
			value[i] = normal(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = normal(value[key])
		}
	}
	return value
}

// number is digits × 10^exponent. No digit at either end is a zero, and zero has no digits.
type number struct {
	negative bool
	digits   string
	exponent int64
}

// numberOf reads a number as JSON writes it, such as -12.50e3. One with an exponent beyond all bounds is known by its
// text.
func numberOf(text string) any {
	rest, negative := strings.CutPrefix(text, "-")
	n := number{negative: negative}
	if mantissa, exponent, ok := strings.Cut(strings.ToLower(rest), "e"); ok {
		var err error
		if n.exponent, err = strconv.ParseInt(exponent, 10, 32); err != nil {
			return text
		}
		rest = mantissa
	}
	whole, fraction, _ := strings.Cut(rest, ".")
	n.exponent -= int64(len(fraction))
	digits := strings.TrimLeft(whole+fraction, "0")
	n.digits = strings.TrimRight(digits, "0")
	if n.digits == "" {
		return number{}
	}
	n.exponent += int64(len(digits) - len(n.digits))
	return n
}

package images

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// Size is a number of bytes. As text it has a decimal unit: "6.5MB" is 6 500 000 bytes.
type Size int64

const sizePattern = `^([0-9]{1,15}(?:\.[0-9]{1,9})?)(B|kB|MB|GB)$`

// ParseSize reads a number with a unit: B, kB, MB or GB, the powers of 1000.
func ParseSize(text string) (Size, error) {
	parts := compiled(sizePattern).FindStringSubmatch(text)
	if parts == nil {
		return 0, fmt.Errorf("%q is not a size such as 6.5MB (units are B, kB, MB and GB)", text)
	}
	number, _ := new(big.Rat).SetString(parts[1])
	number.Mul(number, new(big.Rat).SetInt64(unit(parts[2])))
	switch {
	case !number.IsInt():
		return 0, fmt.Errorf("%q is not a whole number of bytes", text)
	case number.Sign() == 0:
		return 0, fmt.Errorf("a size of %s is too small for any image", text)
	case number.Cmp(new(big.Rat).SetInt64(math.MaxInt64)) > 0:
		return 0, fmt.Errorf("%q is too large", text)
	}
	return Size(number.Num().Int64()), nil
}

// String returns the size in the largest unit that does not make it less than 1, exactly.
func (s Size) String() string {
	for _, name := range []string{"GB", "MB", "kB"} {
		if n := unit(name); int64(s) >= n {
			whole, rest := int64(s)/n, int64(s)%n
			text := strconv.FormatInt(whole, 10)
			if rest > 0 {
				fraction := strconv.FormatInt(n+rest, 10)[1:]
				for fraction[len(fraction)-1] == '0' {
					fraction = fraction[:len(fraction)-1]
				}
				text += "." + fraction
			}
			return text + name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// MarshalText makes the size a string in JSON.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func unit(name string) int64 {
	switch name {
	case "GB":
		return 1e9
	case "MB":
		return 1e6
	case "kB":
		return 1e3
	}
	return 1
}

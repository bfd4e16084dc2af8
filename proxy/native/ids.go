//go:build linux

package native

import "github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"

// ids makes ids of runs that nobody can guess: of 100 random bits.
type ids struct {
	random [25 * idLength]byte
	left   int
}

const (
	idLength   = 20
	idAlphabet = "abcdefghijklmnopqrstuvwxyz234567" // 5 bits
)

func (i *ids) next() string {
	if i.left == 0 {
		sys.Random(i.random[:])
		i.left = len(i.random)
	}
	i.left -= idLength
	var id [idLength]byte
	for n := range id {
		id[n] = idAlphabet[i.random[i.left+n]&31]
	}
	return string(id[:])
}

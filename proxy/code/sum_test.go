package code

import (
	"hash/crc32"
	"testing"
)

func FuzzSum(f *testing.F) {
	f.Add([]byte("123456789"), 3)
	f.Add([]byte(""), 0)
	f.Add(make([]byte, 100), 17)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		cut = max(0, min(cut, len(b)))
		var s summing
		s.Write(b[:cut])
		s.Write(b[cut:])
		if want := crc32.ChecksumIEEE(b); s.sum != want {
			t.Errorf("%x: %x, want %x", b, s.sum, want)
		}
	})
}

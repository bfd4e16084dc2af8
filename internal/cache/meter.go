package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
)

// Meter measures the bytes that are written through it: their number and their SHA-256.
type Meter struct {
	to     io.Writer
	sum    hash.Hash
	size   int64
	failed error // of to
}

// NewMeter returns a meter that writes to a writer, such as [io.Discard].
func NewMeter(to io.Writer) *Meter { return &Meter{to: to, sum: sha256.New()} }

func (m *Meter) Write(p []byte) (int, error) {
	n, err := m.to.Write(p)
	m.sum.Write(p[:n])
	m.size += int64(n)
	if err != nil {
		m.failed = err
	}
	return n, err
}

// Entry returns the measurement.
func (m *Meter) Entry() Entry {
	return Entry{SHA256: hex.EncodeToString(m.sum.Sum(nil)), Size: m.size}
}

// Package blockgzip compresses gzip streams in blocks of a fixed size, several at the same time. The bytes depend on the
// content alone: not on the number of processors, nor on how the content is cut into writes.
//
//	pool := blockgzip.NewPool(runtime.GOMAXPROCS(0))
//	zip := pool.NewWriter(to)
//	_, err := zip.Write(content)
//	err = errors.Join(err, zip.Close()) // always: it waits for the blocks under way
package blockgzip

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"sync/atomic"
)

// Name names the code that compresses and its settings. Another one may write other bytes.
const Name = "github.com/klauspost/compress@v1.20.3 flate -7, blocks of 128 KiB"

// The header of a stream (RFC 1952) tells no name, no time and no operating system. The end is an empty block, for a
// stream whose last block is a full one, which others could have followed.
const (
	header = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
	end    = "\x01\x00\x00\xff\xff"
)

// Pool is the memory of all blocks that are compressed at the same time, in whichever stream.
type Pool struct {
	free chan *block
	size int // of a block, in bytes of content
}

// NewPool returns a pool of that many blocks, which have no memory until they are used.
func NewPool(blocks int) *Pool {
	p := &Pool{free: make(chan *block, blocks), size: blockSize}
	for range blocks {
		p.free <- &block{done: make(chan error, 1)}
	}
	return p
}

// Writer compresses a stream. Who has one must close it.
type Writer struct {
	pool     *Pool
	filling  *block // nil before the first byte of a block
	window   []byte // of the block before
	checksum uint32
	size     uint32
	queue    chan *block // in the order of the stream
	ended    chan error
	failed   atomic.Pointer[error]
}

// NewWriter returns a writer of one stream, which goes to a writer in a goroutine of its own.
func (p *Pool) NewWriter(to io.Writer) *Writer {
	w := &Writer{pool: p, queue: make(chan *block, cap(p.free)), ended: make(chan error, 1)}
	go w.collect(to)
	return w
}

func (w *Writer) Write(content []byte) (int, error) {
	for rest := content; len(rest) > 0; {
		if err := w.failed.Load(); err != nil {
			return 0, *err
		}
		if w.filling == nil {
			w.filling = <-w.pool.free
			w.filling.begin(w.window, w.pool.size)
		}
		n := w.filling.fill(rest)
		rest = rest[n:]
		if w.filling.isFull() {
			w.send()
		}
	}
	w.checksum = crc32.Update(w.checksum, crc32.IEEETable, content)
	w.size += uint32(len(content)) // modulo 2^32, as the format has it
	return len(content), nil
}

// Checksum returns the CRC-32 of what was written.
func (w *Writer) Checksum() uint32 { return w.checksum }

// send has the block compressed.
func (w *Writer) send() {
	w.window = w.filling.end(w.window)
	w.queue <- w.filling
	go w.filling.compress()
	w.filling = nil
}

// Close ends the stream, and waits until everything is written.
func (w *Writer) Close() error {
	if w.filling != nil {
		w.filling.last = true
		w.send()
	}
	close(w.queue)
	return <-w.ended
}

// collect writes the blocks in their order, and gives them back.
func (w *Writer) collect(to io.Writer) {
	_, err := io.WriteString(to, header)
	trailer := []byte(end)
	for b := range w.queue {
		if b.last {
			trailer = nil
		}
		failed := <-b.done
		if err == nil {
			err = failed
		}
		if err == nil {
			_, err = to.Write(b.zipped.Bytes())
		}
		if err != nil {
			w.failed.Store(&err)
		}
		w.pool.free <- b
	}
	if err == nil {
		trailer = binary.LittleEndian.AppendUint32(trailer, w.checksum)
		_, err = to.Write(binary.LittleEndian.AppendUint32(trailer, w.size))
	}
	w.ended <- err
}

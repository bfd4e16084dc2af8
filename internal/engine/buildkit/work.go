package buildkit

import (
	"fmt"
	"sync"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// work counts the images of a builder.
type work struct {
	mutex                sync.Mutex
	images, layers, sent int
	bytes                int64
}

// add counts an image of so many layers, some of which were sent.
func (w *work) add(layers, sent int, bytes int64) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.images++
	w.layers += layers
	w.sent += sent
	w.bytes += bytes
}

// String returns "" for no work.
func (w *work) String() string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	switch w.images {
	case 0:
		return ""
	case 1:
		return "1 image, " + sent(w.sent, w.layers, w.bytes)
	}
	return fmt.Sprintf("%d images, %s", w.images, sent(w.sent, w.layers, w.bytes))
}

func sent(layers, of int, bytes int64) string {
	return fmt.Sprintf("%d of %d layers sent, %s", layers, of, human.Bytes(bytes))
}

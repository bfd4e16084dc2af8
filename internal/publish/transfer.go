package publish

import (
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// Transfer counts the blobs of a push.
type Transfer struct {
	Uploaded  Blobs `json:"uploaded"`  // sent
	Mounted   Blobs `json:"mounted"`   // taken from another repository of the registry
	Present   Blobs `json:"present"`   // there before
	Manifests int   `json:"manifests"` // images and indexes that were sent, without their tags
}

// Blobs is a number of layers and configs, and their compressed size.
type Blobs struct {
	Blobs int   `json:"blobs"`
	Bytes int64 `json:"bytes"`
}

func (b *Blobs) add(size int64) {
	b.Blobs++
	b.Bytes += size
}

// count adds a blob to the transfer.
func (p *push) count(how way, b blob) {
	if how != uploaded {
		p.progress(b.size) // else its bytes are counted as they are sent
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	switch how {
	case uploaded:
		p.transfer.Uploaded.add(b.size)
	case mounted:
		p.transfer.Mounted.add(b.size)
	default:
		p.countPresent(b)
	}
}

// countPresent counts a blob that was there, once for all images that have it.
func (p *push) countPresent(b blob) {
	if p.present == nil {
		p.present = map[v1.Hash]bool{}
	}
	if !p.present[b.digest] {
		p.present[b.digest] = true
		p.transfer.Present.add(b.size)
	}
}

// String returns the transfer in words, such as "2.56 MB sent in 3 blobs, 1 mounted, 4 there".
func (t Transfer) String() string {
	parts := []string{"nothing sent"}
	if t.Uploaded.Blobs > 0 {
		parts[0] = fmt.Sprintf("%s sent in %s", human.Bytes(t.Uploaded.Bytes), human.Count(t.Uploaded.Blobs, "blob"))
	}
	if t.Mounted.Blobs > 0 {
		parts = append(parts, fmt.Sprintf("%d mounted", t.Mounted.Blobs))
	}
	if t.Present.Blobs > 0 {
		parts = append(parts, fmt.Sprintf("%d there", t.Present.Blobs))
	}
	return strings.Join(parts, ", ")
}

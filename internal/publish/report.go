package publish

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// place is an image and an output.
type place struct{ image, output string }

// attempt is a push that has ended.
type attempt struct {
	reference string
	done      []string // tags
	there     int      // blobs
	err       error
}

// attempts are the pushes of a run.
type attempts struct {
	mutex sync.Mutex
	at    map[place]attempt
}

func (a *attempts) record(at place, pushed *push, err error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.at == nil {
		a.at = map[place]attempt{}
	}
	moved := pushed.transfer
	a.at[at] = attempt{pushed.repository.Name() + "@" + pushed.digest.String(), pushed.done,
		moved.Uploaded.Blobs + moved.Mounted.Blobs + moved.Present.Blobs, err}
}

// Report lists which of these images were pushed and which were not, with a line for each image and output:
//
//	pushed: registry.example.org/actions/hello@sha256:… as content-0123456789ab, dev
//	not pushed: registry.example.org/actions/scratch:dev (3 of its blobs are there)
//
// It is empty when nothing was to be pushed.
func (p *Publisher) Report(outputs []Output, images []string) []string {
	p.attempts.mutex.Lock()
	defer p.attempts.mutex.Unlock()
	var lines []string
	for _, image := range images {
		for _, output := range outputs {
			if output.Type != Registry {
				continue
			}
			output = output.For(image)
			tried, known := p.attempts.at[place{image, output.String()}]
			if known && len(tried.done) > 0 {
				lines = append(lines, "pushed: "+tried.reference+" as "+strings.Join(words(tried.done), ", "))
			}
			if left := p.left(output, tried); !known || tried.err != nil {
				lines = append(lines, "not pushed: "+left)
			}
		}
	}
	return lines
}

// left returns the tags of an output that are not set, in words.
func (p *Publisher) left(output Output, tried attempt) string {
	tags, err := p.tagsOf(output)
	if err != nil {
		return output.Ref
	}
	tags = slices.DeleteFunc(tags, func(tag name.Tag) bool { return slices.Contains(tried.done, tag.Name()) })
	if len(tags) == 0 {
		return output.Ref
	}
	var names []string
	for _, tag := range tags {
		names = append(names, tag.Name())
	}
	text := tags[0].Repository.Name() + ":" + strings.Join(words(names), ", ")
	if tried.there > 0 {
		text += fmt.Sprintf(" (%s of it are there, and are not sent again)", human.Count(tried.there, "blob"))
	}
	return text
}

// words are the tags alone of REPOSITORY:TAG.
func words(tags []string) []string {
	alone := make([]string, len(tags))
	for i, tag := range tags {
		alone[i] = tag[strings.LastIndex(tag, ":")+1:]
	}
	return alone
}

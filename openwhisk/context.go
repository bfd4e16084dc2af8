package openwhisk

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// ActivationID returns the id of the activation that ctx belongs to. It reports false where that is not known: protocol
// v1 carries the argument alone. While runs go one after the other, __OW_ACTIVATION_ID and the like are in the
// environment too.
func ActivationID(ctx context.Context) (string, bool) { return known(ctx, "activation_id") }

// Namespace returns the namespace that the action was invoked in.
func Namespace(ctx context.Context) (string, bool) { return known(ctx, "namespace") }

// ActionName returns the action's full name, "/namespace/package/action".
func ActionName(ctx context.Context) (string, bool) { return known(ctx, "action_name") }

type activationKey struct{}

func known(ctx context.Context, member string) (string, bool) {
	a, ok := ctx.Value(activationKey{}).(*activation)
	if !ok {
		return "", false
	}
	s := a.members[member]
	return s, s != ""
}

// activation is the context of a run. Its timer is only made for a handler that waits for it: starting one for every
// run cost more than the rest of the run.
type activation struct {
	members  map[string]string // of the request, but the argument
	deadline time.Time
	carrier  carrier                    // of the stream; nil where it is collected
	finish   func(result []byte) []byte // puts a collected stream into the result; nil where there is none
	stream   *Stream                    // once the handler asked for it

	mu      sync.Mutex
	timed   context.Context // with the deadline, once it is waited for
	cancel  context.CancelFunc
	over    bool
	stopped bool // over before its end
}

// newActivation returns the context of a run whose whole request is body (empty when that is not known), and sets env,
// unless it is nil.
func newActivation(body []byte, env *variables) *activation {
	a := &activation{}
	if len(body) == 0 {
		return a
	}
	a.members = make(map[string]string, 8)
	if env != nil {
		env.begin()
		defer env.end()
	}
	members := jsonscan.Object(body)
	for members.Next() {
		if string(members.Key) == "value" {
			continue
		}
		if env != nil {
			env.member(members.Key, members.Value)
		}
		switch key := string(members.Key); key {
		case "activation_id", "namespace", "action_name":
			a.members[key], _ = jsonscan.Text(members.Value)
		case "deadline": // a string from the invoker, a number from people (rule 24)
			if ms, err := strconv.ParseInt(strings.Trim(string(members.Value), `"`), 10, 64); err == nil {
				a.deadline = time.UnixMilli(ms)
			}
		}
	}
	return a
}

// Deadline implements context.Context.
func (a *activation) Deadline() (time.Time, bool) { return a.deadline, !a.deadline.IsZero() }

// Done implements context.Context.
func (a *activation) Done() <-chan struct{} { return a.context().Done() }

// Err implements context.Context.
func (a *activation) Err() error { return a.context().Err() }

// Value implements context.Context.
func (a *activation) Value(key any) any {
	if key == (activationKey{}) {
		return a
	}
	return nil
}

func (a *activation) context() context.Context {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timed == nil {
		if a.deadline.IsZero() {
			a.timed, a.cancel = context.WithCancel(context.Background())
		} else {
			a.timed, a.cancel = context.WithDeadline(context.Background(), a.deadline)
		}
		if a.over {
			a.cancel()
		}
	}
	return a.timed
}

// end ends the context with its run.
func (a *activation) end() { a.close(errOver, false) }

// stop ends the context before the run ends: nobody reads its stream any more, or its deadline comes.
func (a *activation) stop() { a.close(context.Canceled, true) }

func (a *activation) close(reason error, early bool) {
	a.mu.Lock()
	a.over = true
	a.stopped = a.stopped || early
	if a.cancel != nil {
		a.cancel()
	}
	stream := a.stream
	a.mu.Unlock()
	if stream != nil {
		stream.close(reason)
	}
}

func (a *activation) wasStopped() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stopped
}

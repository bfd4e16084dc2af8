package publish

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// explainWrite returns an error with the reason and advice, without the name of a temporary file.
func explainWrite(dest string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if errors.Is(err, atomicfile.ErrForeign) {
		return fmt.Errorf("write %s: it %w, so it is left as it is: remove it, or choose another dest", dest, atomicfile.ErrForeign)
	}
	advice := "choose another dest"
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		advice = "free some space, or choose another dest"
	}
	return fmt.Errorf("write %s: %w: %s", dest, human.OneLine(human.Reason(err)), advice)
}

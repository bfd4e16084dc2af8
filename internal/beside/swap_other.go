//go:build !linux

package beside

import "errors"

func swap(a, b string) error { return errors.ErrUnsupported }

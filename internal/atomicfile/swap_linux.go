package atomicfile

import (
	"errors"

	"golang.org/x/sys/unix"
)

// swap exchanges two names in one step.
func swap(a, b string) error {
	err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) { // an old kernel or file system
		return errors.ErrUnsupported
	}
	return err
}

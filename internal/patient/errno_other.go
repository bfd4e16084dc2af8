//go:build !windows

package patient

import "syscall"

// resets are the system's errors for a connection that has ended too early.
func resets() []error { return []error{syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED} }

// refusal is the system's error for a port on which nobody listens.
const refusal = syscall.ECONNREFUSED

package patient

import "golang.org/x/sys/windows"

// resets are the system's errors for a connection that has ended too early. syscall.ECONNRESET is never one of Windows.
func resets() []error {
	return []error{windows.WSAECONNRESET, windows.WSAECONNABORTED, windows.WSAESHUTDOWN, windows.ERROR_BROKEN_PIPE}
}

// refusal is the system's error for a port on which nobody listens.
const refusal = windows.WSAECONNREFUSED

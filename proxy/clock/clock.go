//go:build linux

package clock

import (
	"syscall"
	"unsafe"
)

// A Moment is a point on the monotonic clock.
type Moment int64

// Now returns the time. It is a system call, where package time needs none, so it is not for every run.
//
//go:noinline
func Now() Moment {
	const monotonic = 1 // CLOCK_MONOTONIC
	var t syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, monotonic, uintptr(unsafe.Pointer(&t)), 0)
	return Moment(t.Nano())
}

// In returns the moment after d.
//
//go:noinline
func In(d Duration) Moment { return Now() + Moment(d) }

// Left returns how long it is until a moment, 0 once it has passed.
//
//go:noinline
func (m Moment) Left() Duration { return Duration(max(0, m-Now())) }

// UnixMilli returns the time of day, in milliseconds since 1970.
//
//go:noinline
func UnixMilli() int64 {
	var t syscall.Timeval
	syscall.Gettimeofday(&t) // without a system call on amd64
	return t.Nano() / int64(Millisecond)
}

// Sleep blocks its thread: it is for waits that are rare, or short.
//
//go:noinline
func Sleep(d Duration) {
	t := syscall.NsecToTimespec(int64(max(0, d)))
	for syscall.Nanosleep(&t, &t) == syscall.EINTR {
	}
}

// After calls f in a goroutine of its own when d is over. Waiting takes a thread, so that few may wait at a time.
//
//go:noinline
func After(d Duration, f func()) {
	go func() {
		Sleep(d)
		f()
	}()
}

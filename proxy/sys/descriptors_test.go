//go:build linux

package sys

import (
	"os"
	"syscall"
	"testing"
)

func TestDescriptorsAreClosed(t *testing.T) {
	const from, last = 200, 900
	for name, closeThem := range map[string]func(int){
		"in one call": CloseFrom,
		"one by one":  func(fd int) { eachFrom(fd, func(fd int) { syscall.Close(fd) }) },
	} {
		t.Run(name, func(t *testing.T) {
			null, err := os.Open(os.DevNull)
			if err != nil {
				t.Fatal(err)
			}
			defer null.Close()
			numbers := []int{from, from + 1, last}
			for _, fd := range numbers {
				if err := syscall.Dup3(int(null.Fd()), fd, syscall.O_CLOEXEC); err != nil {
					t.Fatal(err)
				}
			}
			closeThem(from)
			for _, fd := range numbers {
				if err := syscall.Close(fd); err != syscall.EBADF {
					t.Errorf("%d is open (%v)", fd, err)
				}
			}
		})
	}
}

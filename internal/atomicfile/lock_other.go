//go:build !unix

package atomicfile

import (
	"os"
	"syscall"
	"time"
)

const errNotDir = syscall.ENOTDIR

// hold has no lock to take on this system.
func hold(string) (unlock func(), ok bool) { return func() {}, true }

// abandoned goes by age: nothing is written for a whole day.
func abandoned(name string) (unlock func(), ok bool) {
	stat, err := os.Stat(name)
	return func() {}, err == nil && time.Since(stat.ModTime()) > 24*time.Hour
}

// wait has no lock to wait for on this system.
func wait(string) (unlock func()) { return func() {} }

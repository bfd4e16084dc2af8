//go:build !unix

package cache

import "os"

// flock has no lock to take on this system: nobody is ever alone.
func flock(_ *os.File, alone bool) bool { return !alone }

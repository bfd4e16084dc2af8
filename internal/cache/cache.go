// Package cache keeps what is costly to make (compiled programs, compressed layers) in a folder, by key.
package cache

import "errors"

// Dir is a cache folder.
type Dir struct{ path string }

// Open returns the cache at path, or, when path is empty, at $MKIMAGE_CACHE_DIR, else mkimage in the user's cache folder.
func Open(path string) (Dir, error) { return Dir{}, errors.ErrUnsupported }

//go:build linux

package action

import "bytes"

// marker returns the string that every program which links the library openwhisk carries (openwhisk.Marker). It is put
// together here, so that the proxy does not carry it itself.
func marker() []byte {
	return append(append([]byte("openwhisk"), "-action-"...), "library\x00v2\x00"...)
}

// LinksLibrary reports whether the program at path links the library openwhisk and so can serve requests itself.
func LinksLibrary(path string) bool {
	file, err := openFile(path, 0, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	wanted := marker()
	b := make([]byte, 256<<10)
	kept := 0 // bytes at the start of b that were the end of the last piece
	for {
		n, err := file.Read(b[kept:])
		if n == 0 || err != nil {
			return false
		}
		if bytes.Contains(b[:kept+n], wanted) {
			return true
		}
		end := b[:kept+n]
		kept = copy(b, end[max(0, len(end)-len(wanted)):])
	}
}

package code

// The functions below read and write little-endian numbers, as ELF and zip files have them. They are for headers, and are
// called: inlined they would add 4 KB to the proxy.

//go:noinline
func le16(b []byte) uint16 { return uint16(b[0]) | uint16(b[1])<<8 }

//go:noinline
func le32(b []byte) uint32 { return uint32(le16(b)) | uint32(le16(b[2:]))<<16 }

func le64(b []byte) uint64 { return uint64(le32(b)) | uint64(le32(b[4:]))<<32 }

//go:noinline
func append16(b []byte, v uint16) []byte { return append(b, byte(v), byte(v>>8)) }

//go:noinline
func append32(b []byte, v uint32) []byte { return append16(append16(b, uint16(v)), uint16(v>>16)) }

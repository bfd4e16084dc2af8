package action

import "bytes"

// marker is what the linker keeps in every program that links the openwhisk library.
const marker = "openwhisk-action-library\x00v1\x00"

// linksLibrary reports whether a program links the openwhisk library, and so serves /init and /run itself.
func linksLibrary(program []byte) bool { return bytes.Contains(program, []byte(marker)) }

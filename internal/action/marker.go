package action

import (
	"bytes"

	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// linksLibrary reports whether a program links the openwhisk library, and so serves /init and /run itself.
func linksLibrary(program []byte) bool { return bytes.Contains(program, []byte(openwhisk.Marker)) }

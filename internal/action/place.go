package action

import "github.com/sciabarracom/openwhisk-runtime-go/proxy/code"

// Where an action is in an image, and who owns it.
const (
	Dir  = "action"              // the folder, without a leading slash
	Exec = Dir + "/" + code.Exec // the program that is started
	User = 65532                 // the owner, as whom everything runs; the group is 0, for platforms that run images as a random user of it
)

//go:build linux

package action

import (
	"strconv"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// unwritable returns the error for a folder in which nothing can be placed, with a way out.
func unwritable(dir string, err error) error {
	reason := "cannot write to " + dir + ": " + err.Error()
	switch err {
	case syscall.ENOSPC, syscall.EDQUOT:
		reason += " (make room, or send less)"
	case syscall.EROFS, syscall.EACCES, syscall.EPERM:
		reason += " (start the container with --tmpfs " + dir + ":exec,uid=" + uid() + ", or bake the action into the image)"
	case syscall.ENOENT:
		reason += " (make the folder, or set OW_ACTION_DIR)"
	}
	return code.Refuse(reason)
}

func uid() string { return strconv.Itoa(syscall.Getuid()) }

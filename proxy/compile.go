//go:build linux

package main

import (
	"io"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/action"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/settings"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/variable"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/whisk"
)

// compile is "proxy -compile MAIN": it reads an action's source or archive from stdin, has the image's compiler make an
// executable of it (OW_COMPILER) and writes that to stdout, as a zip that can be uploaded. env has further variables
// for the compiler.
func compile(s settings.Settings, mainName string, env [][2]string) error {
	folder, err := action.TemporaryFolder()
	if err != nil {
		return err
	}
	defer folder.Remove()
	onSignal(func(syscall.Signal) {
		folder.Remove()
		exit(1)
	}, syscall.SIGINT)
	folder.Limits, folder.Env = s.Whisk.Limits, s.Whisk.Env
	upload, err := folder.Upload()
	if err != nil {
		return err
	}
	defer upload.Discard()
	if _, err := io.Copy(upload, action.Stdin()); err != nil {
		return err
	}
	file, err := upload.Close(false)
	if err != nil {
		return err
	}
	source, err := folder.Source(file, s.Whisk.SaveJar)
	if err != nil {
		return err
	}
	s.Whisk.ActionDir = folder.Dir
	uploads := whisk.NewUploads(s.Whisk, native.NewHost(nil, 1, 2))
	if err := uploads.Compile(source, mainName, variable.With(s.Whisk.Env, env)); err != nil {
		return err
	}
	return action.Pack(action.Stdout(), source.Bin)
}

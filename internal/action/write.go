package action

import (
	"bytes"
	"io"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// Create implements code.Tree.
func (u *upload) Create(name string, mode uint32, content io.WriterTo) error {
	var b bytes.Buffer
	if _, err := content.WriteTo(&b); err != nil {
		return err
	}
	u.own[name] = node{mode: code.Regular | mode, content: b.Bytes()}
	return nil
}

// Mkdir implements code.Tree.
func (u *upload) Mkdir(name string) error {
	u.own[name] = node{mode: code.Folder | 0o775}
	return nil
}

// Symlink implements code.Tree.
func (u *upload) Symlink(target, name string) error {
	u.own[name] = node{mode: code.Symlink | 0o777, link: target}
	return nil
}

// Remove implements code.Tree.
func (u *upload) Remove(name string) { delete(u.own, name) }

package action

import (
	"bytes"
	"errors"
	"fmt"
	"path"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// CheckEntrypoint returns why a container of the image cannot start the program at a path, if that can be seen without
// running it: the rules are those for the programs of actions. Steps may bring any program, or change the mode of one.
func (t Tree) CheckEntrypoint(name string, platform images.Platform) error {
	u := t.upload()
	place, found := u.find(name, true)
	known := t.nodes[place].kind() == found.kind() // else it is one that steps may bring
	executable := found.mode&0o111 != 0
	switch {
	case t.open && (!known || !executable):
		return nil
	case found.kind() != code.Regular:
		return errors.New("there is no such program in the image: bring it with files or packages")
	}
	content, err := u.content(found)
	if err != nil {
		return err
	}
	program := bytes.NewReader(content)
	switch kind, err := code.KindOfFile(program); {
	case err != nil:
		return errors.New("it is empty")
	case kind != code.ELF && kind != code.Script && kind != code.Foreign:
		return errors.New("it is neither a program nor a script, whose first line begins with #! and a path")
	case !executable && kind != code.Foreign:
		return fmt.Errorf("it may not be executed: its mode in the image is %04o", found.mode&^code.TypeMask)
	}
	dir := path.Dir(place)
	started := code.Place{Tree: u, Dir: dir, Final: dir, Env: u.env, Machine: platform.Architecture()}
	return errors.Join(started.Check(program), u.err)
}

// content returns the whole content of a file of the image.
func (u *upload) content(file node) ([]byte, error) {
	if file.stored == "" {
		return file.read()
	}
	l := u.layers[file.layer]
	content, err := readFrom(l, file.stored, code.MostUnpacked)
	if err != nil {
		return nil, fmt.Errorf("read %s of layer %s: %w", file.stored, l.Name, err)
	}
	return content, nil
}

package apkfs

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// busyboxPaths is the package's list of its commands, one path a line. Packages have it from v3.19 on.
const busyboxPaths = "etc/busybox-paths.d/busybox"

// linkBusybox links each command of busybox, unless a package of this layer or one below has the file.
func (t *tree) linkBusybox(p *unpacked) error {
	place := t.order[p.pin.Layer]
	paths, ok := t.read(place, busyboxPaths)
	if !ok {
		return errors.New("it does not list its commands in /" + busyboxPaths + "; take Alpine v3.19 or later")
	}
	for line := range strings.Lines(string(paths)) {
		name := strings.TrimPrefix(strings.TrimSpace(line), "/")
		if name == "" {
			continue
		}
		if !fs.ValidPath(name) {
			return fmt.Errorf("/%s has %q, which leads out of the image", busyboxPaths, name)
		}
		if e := t.files[name]; e != nil && e.layer <= place {
			continue
		}
		t.parents(place, name)
		t.made[place][name] = layer.Symlink(name, "/bin/busybox")
	}
	return nil
}

package apkfs

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// busyboxPaths lists the commands of busybox, a path a line. It is in the package from v3.19 on.
const busyboxPaths = "etc/busybox-paths.d/busybox"

// linkBusybox makes a link to busybox for each of its commands that no package of the layer, or of one below, has.
func (t *tree) linkBusybox(p *parcel) error {
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

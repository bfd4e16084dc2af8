package plan

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io/fs"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// proxyPath is where the proxy is in an image.
const proxyPath = "bin/proxy"

// The entries of root. Those of [action.User] follow.
const (
	rootPasswd = "root:x:0:0:root:/:/sbin/nologin\n"
	rootGroup  = "root:x:0:\n"
)

func userPasswd() string {
	return fmt.Sprintf("nonroot:x:%d:%[1]d:nonroot:/tmp:/sbin/nologin\n", action.User)
}
func userGroup() string { return fmt.Sprintf("nonroot:x:%d:\n", action.User) }

// scratch returns the files below the proxy of an image without a distribution: the files that a static program looks
// for (names of users, certificates, a folder for temporary files), and the folder of the action. Resolvers do without
// nsswitch.conf, and a container engine adds hosts, resolv.conf, /dev, /proc and /sys.
func scratch() []layer.File {
	return []layer.File{
		actionFolder(),
		layer.Directory("bin", 0o755),
		layer.Directory("etc", 0o755),
		layer.Regular("etc/group", 0o644, []byte(rootGroup+userGroup())),
		layer.Regular("etc/passwd", 0o644, []byte(rootPasswd+userPasswd())),
		layer.Directory("etc/ssl", 0o755),
		layer.Directory("etc/ssl/certs", 0o755),
		layer.Regular("etc/ssl/certs/ca-certificates.crt", 0o644, certificates()),
		layer.Directory("tmp", fs.ModeSticky|0o777),
	}
}

// actionFolder returns the folder of the action. It is of group 0, for platforms that run containers as a random user
// of that group.
func actionFolder() layer.File {
	dir := layer.Directory(action.Dir, 0o775)
	dir.UID = action.User
	return dir
}

// certificates returns Mozilla's root certificates as PEM. A root that is trusted only for certificates issued before
// some day is left out, for PEM cannot say so.
func certificates() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
				panic(fmt.Sprintf("write a certificate to memory: %v", err))
			}
		}
	}
	return out.Bytes()
}

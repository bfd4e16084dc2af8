package build

import (
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// Options says how images are built and where they go.
type Options struct {
	Packages
	Programs
	Delivery
	Platforms       []images.Platform // the platforms to build; empty means all of a definition
	Engine          engine.Engine     // puts images together; nil is the embedded one
	Cache           cache.Dir
	Epoch           time.Time // the time that is in images
	Jobs            int       // images and programs that are made at the same time; 0 means one for each processor
	FailFast        bool      // the first failure ends the build
	AllowOverBudget bool
	Verbose         bool // packages that no lock pins are told one by one
	Display         *progress.Display
}

// Packages says where stemcells and Alpine packages come from.
type Packages struct {
	Stemcells stemcells.Set
	Alpine    *apkfs.Source
	Release   string // the Alpine release to take in place of the definitions'; "" is theirs
	Locked    bool   // take the packages of the lock, and no others
}

// Programs says where proxies and actions come from.
type Programs struct {
	Module    *gobuild.Module // the proxy is compiled from it
	Proxy     string          // the file of a ready proxy, or ""
	Action    string          // the path to bake into the one image that is built, or ""
	GoTags    string          // build tags of Go actions
	GoLDFlags string          // flags for the linker of Go actions beside those of every program

	AllowSecrets []string // files of actions that may look like secrets
}

// Delivery says where images go, and which documents go with them.
type Delivery struct {
	Outputs    []publish.Output
	Publisher  *publish.Publisher // writes to the outputs; may be nil when none of them is a registry
	SizeRecord string             // the file that the sizes are put into
	Generated  bool               // nobody but builds writes that file: it is written anew if it is broken
	SBOM       sbom.Format
	Attest     Attest
	Version    string // of mkimage, for statements
}

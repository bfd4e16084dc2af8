// Package page has the addresses of the documentation's pages, for users of mkimage who have no checkout.
package page

// Root is the address of the pages.
const Root = "https://github.com/sciabarracom/openwhisk-runtime-go/blob/main/docs/"

// releases is where released versions are.
const releases = "https://github.com/sciabarracom/openwhisk-runtime-go/releases/tag/"

// Release returns the address of a released version, such as v1.0.0.
func Release(version string) string { return releases + version }

// Pages that messages name.
const (
	Index      = Root + "README.md"
	Definition = Root + "definition.md"
	GoActions  = Root + "go-actions.md"
	Attached   = Root + "attached.md"
	Verify     = Root + "verify.md"
	BuildKit   = Root + "buildkit.md"
	Pushing    = BuildKit + "#pushing"
)

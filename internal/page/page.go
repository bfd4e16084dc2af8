// Package page has the addresses of the documentation's pages, for users of mkimage who have no checkout.
package page

// Root is where the pages are.
const Root = "https://github.com/sciabarracom/openwhisk-runtime-go/blob/main/docs/"

// Pages that messages name.
const (
	Index      = Root + "README.md"
	Definition = Root + "definition.md"
	GoActions  = Root + "go-actions.md"
	Attached   = Root + "attached.md"
	BuildKit   = Root + "buildkit.md"
	Pushing    = BuildKit + "#pushing"
)

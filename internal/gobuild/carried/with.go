//go:build carried

package carried

import (
	"embed"
	"io/fs"
)

//go:embed programs
var files embed.FS

func programs() fs.FS { return files }

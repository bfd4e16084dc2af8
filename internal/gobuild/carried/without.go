//go:build !carried

package carried

import (
	"embed"
	"io/fs"
)

func programs() fs.FS { return embed.FS{} }

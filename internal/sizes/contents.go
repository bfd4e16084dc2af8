package sizes

// Contents says where the bytes of an image are, in more detail than its layers do. The record of a build has the
// packages alone. The one that is attached to an image in a registry has all, so that nobody needs to pull the image to
// know.
type Contents struct {
	Packages []Package `json:"packages,omitempty"` // of Alpine, the heaviest first
	Files    []File    `json:"files,omitempty"`    // the largest ones, by falling size
	Tree     *Box      `json:"tree,omitempty"`     // the largest boxes
}

// Package is an Alpine package with the size of its files in the image.
type Package struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	Layer      string `json:"layer,omitempty"` // which has its files
	DockerSize int64  `json:"docker_size"`
}

// File is a regular file.
type File struct {
	Path    string `json:"path"` // without a leading slash
	Layer   string `json:"layer"`
	Package string `json:"package,omitempty"` // the Alpine package that has it
	Size    int64  `json:"size"`
}

// PackagesOnly returns the contents as the record of a build has them, or nil if there is no package.
func (c Contents) PackagesOnly() *Contents {
	if len(c.Packages) == 0 {
		return nil
	}
	return &Contents{Packages: c.Packages}
}

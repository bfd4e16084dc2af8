package sizes

// Contents says where the bytes of an image are, in more detail than its layers do. Only the record that is attached to
// an image in a registry has it, so that nobody needs to pull the image to know.
type Contents struct {
	Packages []Package `json:"packages,omitempty"` // of Alpine, the heaviest first
	Files    []File    `json:"files,omitempty"`    // the largest ones, by falling size
}

// Package is an Alpine package with the size of its files in the image.
type Package struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	DockerSize int64  `json:"docker_size"`
}

// File is a regular file.
type File struct {
	Path    string `json:"path"` // without a leading slash
	Layer   string `json:"layer"`
	Package string `json:"package,omitempty"` // the Alpine package that has it
	Size    int64  `json:"size"`
}

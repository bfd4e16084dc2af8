package sizes

// Contents says where the bytes of an image are, closer than its layers do. It stands in the record that is attached to
// an image in a registry, so that nobody has to pull the image to know, and in no other.
type Contents struct {
	Packages []Package `json:"packages,omitempty"` // of Alpine, the heaviest first
	Files    []File    `json:"files,omitempty"`    // the largest ones, by falling size
}

// Package is an Alpine package with what its files weigh in the image.
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

package images

// Step is a script that is run when an image is built: what it changes becomes a layer. Only a builder can run it.
type Step struct {
	// What /bin/sh runs, as root, with the environment of the image; it ends at the first command that fails.
	Script string `json:"script" yaml:"script"`
	// Alpine packages that are there for the script and do not stay in the image.
	Packages []string `json:"packages,omitempty" yaml:"packages"`
	// Whether the script may use the network.
	Network bool `json:"network,omitempty" yaml:"network"`
	// Folders that the builder keeps from one build to the next, and that do not stay in the image.
	Cache []string `json:"cache,omitempty" yaml:"cache"`
	// Files /run/secrets/NAME that only the script sees, each with where it is taken from: env:VARIABLE or file:PATH.
	Secrets map[string]string `json:"secrets,omitempty" yaml:"secrets"`
}

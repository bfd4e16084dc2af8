package buildkit

import (
	"fmt"
	"os"
	"strings"

	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/secrets/secretsprovider"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

// secretID is the name of a step's secret in a session. Two steps may use the same name for different secrets.
func secretID(run plan.Run, name string) string { return run.Name + "/" + name }

// secretsOf returns a provider for the secrets of an image's steps, or nil if there are none. It fails for a missing
// secret.
func secretsOf(image plan.Image) (session.Attachable, error) {
	var sources []secretsprovider.Source
	for _, run := range image.Runs {
		for name, from := range run.Secrets {
			source := secretsprovider.Source{ID: secretID(run, name)}
			if variable, ok := strings.CutPrefix(from, "env:"); ok {
				if _, set := os.LookupEnv(variable); !set {
					return nil, fmt.Errorf("%s: secret %s: $%s is not set", run.Name, name, variable)
				}
				source.Env = variable
			} else {
				source.FilePath = strings.TrimPrefix(from, "file:")
				if _, err := os.Stat(source.FilePath); err != nil {
					return nil, fmt.Errorf("%s: secret %s: %w", run.Name, name, err)
				}
			}
			sources = append(sources, source)
		}
	}
	if len(sources) == 0 {
		return nil, nil
	}
	store, err := secretsprovider.NewStore(sources)
	if err != nil {
		return nil, err
	}
	return secretsprovider.NewSecretProvider(store), nil
}

package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// keychain finds the login for a repository: the one given for its registry, or else the first in these files of podman
// and docker:
//
//	$REGISTRY_AUTH_FILE
//	$DOCKER_CONFIG/config.json, or ~/.docker/config.json, and $DOCKER_AUTH_CONFIG
//	$XDG_RUNTIME_DIR/containers/auth.json
//	$XDG_CONFIG_HOME/containers/auth.json, or ~/.config/containers/auth.json
type keychain struct {
	user, password string
	hosts          []string

	mutex sync.Mutex
	found map[string]login // by file and registry: a credential helper is asked once
}

// login is the login for a registry, with its source for messages.
type login struct {
	config authn.AuthConfig
	source string // "" when there is none
}

func newKeychain(a Access) *keychain {
	return &keychain{user: a.User, password: a.Password, hosts: a.Hosts, found: map[string]login{}}
}

// Keychain returns the logins that the client uses.
func (c *Client) Keychain() authn.Keychain { return c.keys }

// Resolve is ResolveContext, for authn.Keychain.
func (k *keychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), target)
}

// ResolveContext returns the login for a repository, or authn.Anonymous.
func (k *keychain) ResolveContext(_ context.Context, target authn.Resource) (authn.Authenticator, error) {
	found, err := k.find(target)
	if err != nil || found.source == "" {
		return authn.Anonymous, err
	}
	return authn.FromConfig(found.config), nil
}

func (k *keychain) find(target authn.Resource) (login, error) {
	host := target.RegistryStr()
	if k.user != "" && slices.Contains(k.hosts, host) {
		return login{authn.AuthConfig{Username: k.user, Password: k.password}, "the user and password that were given"}, nil
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	for _, file := range authFiles() {
		found, err := k.inFile(file, target)
		if err != nil {
			return login{}, fmt.Errorf("look up the login for %s: %w", host, err)
		}
		if found.source != "" {
			return found, nil
		}
	}
	return login{}, nil
}

// authFiles returns the files that may hold logins. Missing ones are skipped, except for the one that the user has
// named.
func authFiles() []string {
	var files []string
	add := func(dir string, parts ...string) {
		if dir != "" {
			files = append(files, filepath.Join(append([]string{dir}, parts...)...))
		}
	}
	home, _ := os.UserHomeDir() // without a home, its files are skipped
	add(os.Getenv("REGISTRY_AUTH_FILE"))
	if docker := os.Getenv("DOCKER_CONFIG"); docker != "" {
		add(docker, config.ConfigFileName)
	} else {
		add(home, ".docker", config.ConfigFileName)
	}
	add(os.Getenv("XDG_RUNTIME_DIR"), "containers", "auth.json")
	if settings := os.Getenv("XDG_CONFIG_HOME"); settings != "" {
		add(settings, "containers", "auth.json")
	} else {
		add(home, ".config", "containers", "auth.json")
	}
	return files
}

// inFile returns a file's login for a repository: that of the repository, of a path above it (as podman writes them),
// or of the registry. Without a source there is none.
func (k *keychain) inFile(file string, target authn.Resource) (login, error) {
	read, err := readFile(file)
	if err != nil {
		return login{}, err
	}
	host := target.RegistryStr()
	for key := target.String(); strings.Contains(key, "/"); key = path.Dir(key) {
		for _, alias := range aliases(host) {
			if found := toLogin(read.AuthConfigs[alias+strings.TrimPrefix(key, host)], file); found.source != "" {
				return found, nil
			}
		}
	}
	known, there := k.found[file+" "+host]
	if !there {
		if known, err = ofHost(file, read, host); err != nil {
			return login{}, err
		}
		k.found[file+" "+host] = known
	}
	return known, nil
}

// aliases returns the names of a registry in a file. Docker Hub has three: docker login also writes
// authn.DefaultAuthKey, and podman login docker.io.
func aliases(host string) []string {
	if host == name.DefaultRegistry {
		return []string{"docker.io", name.DefaultRegistry, "registry-1.docker.io"}
	}
	return []string{host}
}

// ofHost returns the login for a whole registry, from the file or from its credential helper.
func ofHost(file string, read *configfile.ConfigFile, host string) (login, error) {
	key := host
	if host == name.DefaultRegistry {
		for _, alias := range aliases(host) {
			if found := toLogin(read.AuthConfigs[alias], file); found.source != "" {
				return found, nil
			}
		}
		key = authn.DefaultAuthKey
	}
	auth, err := read.GetAuthConfig(key)
	if err != nil {
		return login{}, helperFailed(file, read, key) // the error's own text holds the helper's output
	}
	return toLogin(auth, file), nil
}

func readFile(file string) (*configfile.ConfigFile, error) {
	reader, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) && file != os.Getenv("REGISTRY_AUTH_FILE") {
		return configfile.New(file), nil // $DOCKER_AUTH_CONFIG may still have a login
	}
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	read, err := config.LoadFromReader(reader)
	if err != nil {
		return nil, fmt.Errorf("%s is not what docker login or podman login writes: mend it, or remove it and log in again", file)
	}
	return read, nil
}

func toLogin(auth types.AuthConfig, file string) login {
	found := authn.AuthConfig{Username: auth.Username, Password: auth.Password, Auth: auth.Auth,
		IdentityToken: auth.IdentityToken, RegistryToken: auth.RegistryToken}
	if found == (authn.AuthConfig{}) {
		return login{}
	}
	return login{found, "the login in " + file}
}

func helperFailed(file string, read *configfile.ConfigFile, key string) error {
	helper := read.CredentialsStore
	if own := read.CredentialHelpers[key]; own != "" {
		helper = own
	}
	if helper == "" {
		return fmt.Errorf("%s has a login that cannot be read: log in again", file)
	}
	program := "docker-credential-" + helper
	return fmt.Errorf("%s, which %s names, fails: try it with: echo %s | %s get", program, file, key, program)
}

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// passwordVariable has the password for --registry-user. No flag has it: other users see the flags of a process.
const passwordVariable = "MKIMAGE_REGISTRY_PASSWORD"

// longestPassword is more than any token has, in bytes.
const longestPassword = 1 << 16

// registryFlags are the flags of every command that reaches a registry, as they were typed.
type registryFlags struct {
	ca, user                string
	insecure, passwordStdin bool
	retries                 int
	timeout                 time.Duration
}

// add adds the flags to a command.
func (f *registryFlags) add(set *pflag.FlagSet) {
	set.BoolVar(&f.insecure, "insecure", false, "reach registries by plain http too, and by https with any certificate; those of this machine need no flag for plain http")
	set.StringVar(&f.ca, "registry-ca", "", "trust the authorities in `FILE` (PEM) beside the system's")
	set.StringVar(&f.user, "registry-user", "", "log in as `USER`, with the password in $"+passwordVariable+"; as docker login or podman login did when not given")
	set.BoolVar(&f.passwordStdin, "registry-password-stdin", false, "read the password from standard input")
	set.IntVar(&f.retries, "registry-retries", registry.DefaultRetries, "try a request `N` more times when a registry is busy or breaks it off")
	set.DurationVar(&f.timeout, "registry-timeout", registry.DefaultTimeout, "wait for a silent registry for `TIME`")
	withVariable(set, "insecure", "registry-ca", "registry-user", "registry-retries", "registry-timeout")
}

// open returns a client for the registries of these references. A login that was given is for one registry.
func (f *registryFlags) open(command *cobra.Command, references ...string) (*registry.Client, error) {
	access := registry.Access{CA: f.ca, Insecure: f.insecure, Retries: f.retries, Timeout: f.timeout}
	if f.retries == 0 {
		access.Retries = -1
	}
	if f.retries < 0 || f.timeout <= 0 {
		return nil, usage(command, errors.New("--registry-retries is 0 or more, and --registry-timeout is more than 0"))
	}
	access.Password = takePassword()
	if f.user != "" || f.passwordStdin || access.Password != "" {
		var err error
		if access.Password, err = f.password(command.InOrStdin(), access.Password); err != nil {
			return nil, usage(command, err)
		}
		access.User, access.Hosts = f.user, hostsOf(references)
		if len(access.Hosts) > 1 {
			return nil, usage(command, fmt.Errorf("--registry-user %s: which of %s is it for? log in to them with docker login", f.user, strings.Join(access.Hosts, ", ")))
		}
	}
	return access.Open()
}

// takePassword takes the password out of the environment, so that no program that is started has it.
func takePassword() string {
	password := os.Getenv(passwordVariable)
	_ = os.Unsetenv(passwordVariable) // it can fail for names that are none
	return password
}

// password returns the one from the environment, or that from standard input.
func (f *registryFlags) password(input io.Reader, password string) (string, error) {
	if f.passwordStdin {
		text, err := io.ReadAll(io.LimitReader(input, longestPassword+1))
		if err == nil && len(text) > longestPassword {
			err = fmt.Errorf("more than %d KiB, which no password is", longestPassword>>10)
		}
		if err != nil {
			return "", fmt.Errorf("--registry-password-stdin: %w", err)
		}
		password = strings.TrimRight(string(text), "\r\n")
	}
	switch {
	case f.user == "":
		return "", errors.New("there is a password for a registry, and no user: give --registry-user")
	case password == "":
		return "", fmt.Errorf("--registry-user %s: there is no password: set $%s, or give it to --registry-password-stdin", f.user, passwordVariable)
	}
	return password, nil
}

// hostsOf returns the hosts of references, each once. A bad reference has no host, and fails where it is used.
func hostsOf(references []string) []string {
	var hosts []string
	for _, text := range references {
		reference, err := name.ParseReference(text)
		if err == nil && !slices.Contains(hosts, reference.Context().RegistryStr()) {
			hosts = append(hosts, reference.Context().RegistryStr())
		}
	}
	return hosts
}

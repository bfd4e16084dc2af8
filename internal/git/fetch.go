package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// fileURL returns the address of an absolute path with slashes: file:///srv/a, file:///C:/a, file://host/share.
func fileURL(path string) string {
	switch {
	case strings.HasPrefix(path, "//"):
		return "file:" + path
	case strings.HasPrefix(path, "/"):
		return "file://" + path
	}
	return "file:///" + path
}

// Fetch makes the empty folder dir a work tree of one commit of a foreign repository, without its history. The address is
// https://… or ssh://…; a folder of this machine is only taken with local. No setting, hook, filter or credential helper of
// this machine has a part in it, submodules stay empty, and nobody is asked for a password.
func Fetch(ctx context.Context, dir, address, commit string, local bool) error {
	if !isHash(commit) {
		return fmt.Errorf("%q is no full commit id", commit)
	}
	protocols := "https:ssh"
	if local {
		protocols = "file"
		whole, err := filepath.Abs(address)
		if err != nil {
			return err
		}
		address = fileURL(filepath.ToSlash(whole))
	} else if err := checkAddress(address); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--template=", "--object-format=" + objectFormat(commit), "."},
		{"fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--end-of-options", address, commit},
		{"checkout", "--quiet", "--detach", "--no-recurse-submodules", commit},
	} {
		if err := alone(ctx, dir, protocols, args...); err != nil {
			return err
		}
	}
	return nil
}

// checkAddress refuses addresses that another program than git's own, or another protocol, would take.
func checkAddress(address string) error {
	parsed, err := url.Parse(address)
	switch {
	case err != nil || parsed.Hostname() == "" || strings.HasPrefix(parsed.Hostname(), "-"):
		return fmt.Errorf("%q is no address of a repository", address)
	case parsed.Scheme != "https" && parsed.Scheme != "ssh":
		return fmt.Errorf("%q is reached neither by https nor by ssh", address)
	}
	return nil
}

func objectFormat(commit string) string {
	if len(commit) == 64 {
		return "sha256"
	}
	return "sha1"
}

// alone runs git in dir, without the settings of this machine.
func alone(ctx context.Context, dir, protocols string, args ...string) error {
	program, err := exec.LookPath("git")
	if err != nil {
		return errors.New("there is no git command on the PATH")
	}
	settings := []string{
		"-c", "core.hooksPath=" + os.DevNull, "-c", "core.autocrlf=false", "-c", "core.symlinks=true", "-c", "core.fsmonitor=false",
		"-c", "credential.helper=", "-c", "http.followRedirects=initial", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
		"-c", "fetch.fsckObjects=true", "-c", "advice.detachedHead=false",
	}
	var stderr bytes.Buffer
	command := exec.CommandContext(ctx, program, append(settings, args...)...)
	command.Dir, command.Stderr = dir, &stderr
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "GIT_") || name == "GIT_SSL_CAINFO" || name == "GIT_SSH_COMMAND" && ssh(protocols) {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS_REQUIRE=never", "GIT_LFS_SKIP_SMUDGE=1",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_ATTR_NOSYSTEM=1", "GIT_ALLOW_PROTOCOL="+protocols)
	if os.Getenv("GIT_SSH_COMMAND") == "" {
		command.Env = append(command.Env, "GIT_SSH_COMMAND=ssh -o BatchMode=yes")
	}
	if err := command.Run(); err != nil {
		return failure(ctx, args[0], stderr.String(), err)
	}
	return nil
}

func ssh(protocols string) bool { return strings.HasSuffix(protocols, "ssh") }

package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"chainguard.dev/apko/pkg/apk/apk"
	"chainguard.dev/apko/pkg/apk/auth"

	"chainguard.dev/apko/pkg/build"
	"chainguard.dev/apko/pkg/build/oci"
	"chainguard.dev/apko/pkg/build/types"
	"chainguard.dev/apko/pkg/tarfs"
	"github.com/chainguard-dev/clog"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// builder is the argument that makes this program build with apko and do nothing else.
const builder = "build"

// buildWithApko makes an image of packages and writes it to an OCI layout, as "apko build" does, without an SBOM.
func buildWithApko(ctx context.Context, args []string) error {
	var repositories, keys, packages list
	var cache, temp, out string
	set := flag.NewFlagSet(builder, flag.ExitOnError)
	set.Var(&repositories, "repository", "")
	set.Var(&keys, "key", "")
	set.Var(&packages, "package", "")
	set.StringVar(&cache, "cache", "", "")
	set.StringVar(&temp, "temp", "", "")
	set.StringVar(&out, "out", "", "")
	if err := set.Parse(args); err != nil {
		return err
	}
	ctx = clog.WithLogger(ctx, clog.New(slog.DiscardHandler))
	arch := types.ParseArchitecture("amd64")
	configuration := types.ImageConfiguration{
		Contents: types.ImageContents{Repositories: repositories, Keyring: keys, Packages: packages},
		Archs:    []types.Architecture{arch},
	}
	epoch := time.Unix(0, 0).UTC()
	image, err := build.New(ctx, tarfs.New(),
		build.WithImageConfiguration(configuration),
		build.WithArch(arch),
		build.WithSourceDateEpoch(epoch),
		build.WithCache(cache, false, apk.NewCache(true)),
		build.WithTempDir(temp),
		build.WithAuthenticator(auth.MultiAuthenticator()), // no logins
		build.WithSBOMGenerators(),
	)
	if err != nil {
		return fmt.Errorf("build %s: %w", strings.Join(packages, " "), err)
	}
	layers, err := image.BuildLayers(ctx)
	if err != nil {
		return fmt.Errorf("build %s: %w", strings.Join(packages, " "), err)
	}
	made, err := oci.BuildImageFromLayers(ctx, empty.Image, layers, image.ImageConfiguration(), epoch, arch)
	if err != nil {
		return err
	}
	written, err := layout.Write(out, empty.Index)
	if err != nil {
		return err
	}
	return written.AppendImage(made)
}

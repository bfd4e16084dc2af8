//go:build linux

package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/compile"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/git"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
)

// A revision is one side of the comparison, built.
type revision struct {
	name   string // for people
	source string // the folder of its module
	dir    string // the folder of what is made of it
	sizes  map[string]int64
}

// The programs that are made of a revision.
func (r *revision) mkimage() string { return filepath.Join(r.dir, "mkimage") }
func (r *revision) proxy() string   { return filepath.Join(r.dir, "proxy") }
func (r *revision) exec() string    { return filepath.Join(r.dir, "exec") }

// in returns the revision with what is made of it in another folder.
func (r *revision) in(dir string) *revision {
	other := *r
	other.dir = dir
	return &other
}

// images are the definitions that are built.
var images = []string{"scratch", "hello"}

// The sizes, in the order of the table.
const (
	proxySize   = "the proxy"
	mkimageSize = "mkimage"
)

func imageSize(image string) string { return "the image " + image }

// checkout makes a revision of this repository a folder of its own, in which nothing of the repository is changed. Without
// a name it is the working tree as it is now.
func checkout(ctx context.Context, root, dir, name string) (*revision, error) {
	r := &revision{name: "the working tree", source: filepath.Join(dir, "source"), dir: filepath.Join(dir, "made"), sizes: map[string]int64{}}
	if err := errors.Join(os.MkdirAll(r.source, 0o755), os.MkdirAll(r.dir, 0o755)); err != nil {
		return nil, err
	}
	if name == "" {
		return r, snapshot(ctx, root, r.source)
	}
	commit, err := git.Run(ctx, root, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, rounds.With(wrongUse, fmt.Errorf("git knows no revision %q: name a commit, a branch or a tag, and fetch it before", name))
	}
	id := strings.TrimSpace(string(commit))
	subject, err := git.Run(ctx, root, "log", "-1", "--format=%h %s", id)
	if err != nil {
		return nil, err
	}
	r.name = strings.TrimSpace(string(subject))
	top, err := git.Top(ctx, root)
	if err != nil {
		return nil, err
	}
	return r, git.Fetch(ctx, r.source, top, id, true)
}

// snapshot copies the files of a working tree but for those that git ignores: it may be edited while it is measured.
func snapshot(ctx context.Context, root, to string) error {
	names, err := git.Run(ctx, root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		from, copied := filepath.Join(root, name), filepath.Join(to, name)
		file, err := os.Stat(from)
		if errors.Is(err, fs.ErrNotExist) || err == nil && file.IsDir() { // deleted, or another repository
			continue
		}
		if err != nil {
			return err
		}
		content, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(copied), 0o755), os.WriteFile(copied, content, file.Mode().Perm())); err != nil {
			return err
		}
	}
	return nil
}

// build compiles the programs, builds the images, and weighs both.
func (r *revision) build(ctx context.Context) error {
	for to, pkg := range map[string]string{r.mkimage(): "./cmd/mkimage", r.exec(): "./bench/actions/library"} {
		if err := compile.Go(ctx, r.source, to, pkg, ""); err != nil {
			return r.failure(ctx, "compile "+pkg, err)
		}
	}
	for _, image := range images {
		if err := compile.Run(r.image(ctx, image)); err != nil {
			return r.failure(ctx, "mkimage build "+image, err)
		}
		bytes, err := sum(filepath.Join(r.layout(image), "blobs"))
		if err != nil {
			return err
		}
		r.sizes[imageSize(image)] = bytes
	}
	if err := r.takeProxy(); err != nil {
		return r.failure(ctx, "take the proxy out of the image scratch", err)
	}
	for name, file := range map[string]string{proxySize: r.proxy(), mkimageSize: r.mkimage()} {
		bytes, err := sum(file)
		if err != nil {
			return err
		}
		r.sizes[name] = bytes
	}
	return nil
}

// image returns the command that builds an image into a layout.
func (r *revision) image(ctx context.Context, image string) *exec.Cmd {
	command := exec.CommandContext(ctx, r.mkimage(), "build", image, "--allow-over-budget", "--progress", "none", "--sbom", "none", "--attest", "none",
		"--size-record", filepath.Join(r.dir, "sizes.json"), "-o", "type=oci,dest="+r.layout(image))
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.Dir = r.source
	command.Env = append(os.Environ(), "MKIMAGE_CACHE_DIR="+filepath.Join(r.dir, "cache"))
	return command
}

func (r *revision) layout(image string) string { return filepath.Join(r.dir, "images", image) }

// takeProxy writes the proxy of the image scratch to a file: that is the program as it is shipped.
func (r *revision) takeProxy() error {
	index, err := layout.Read(r.layout("scratch"))
	if err != nil {
		return err
	}
	platforms, err := layout.Platforms(index)
	if err != nil {
		return err
	}
	image := platforms["linux/"+runtime.GOARCH]
	if image == nil {
		return errors.New("it is not for linux/" + runtime.GOARCH)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return err
	}
	if len(config.Config.Entrypoint) == 0 {
		return errors.New("it has no entrypoint")
	}
	return extract(image, config.Config.Entrypoint[0], r.proxy())
}

// extract writes a program of an image to a file.
func extract(image v1.Image, program, to string) error {
	files := mutate.Extract(image)
	defer files.Close()
	for in := tar.NewReader(files); ; {
		header, err := in.Next()
		if err != nil {
			return fmt.Errorf("%s: %w", program, err)
		}
		if header.Typeflag != tar.TypeReg || filepath.Clean("/"+header.Name) != program {
			continue
		}
		content, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		return os.WriteFile(to, content, 0o755)
	}
}

// sum returns the bytes of a file, or of all files in a folder.
func sum(path string) (bytes int64, err error) {
	err = filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		file, err := entry.Info()
		if err == nil {
			bytes += file.Size()
		}
		return err
	})
	return bytes, err
}

// failure tells in one line what cannot be done with the revision: with the first line that says why.
func (r *revision) failure(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	why, rest, _ := strings.Cut(err.Error(), "\n")
	for line := range strings.Lines(rest) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "go: downloading ") {
			why = line
			break
		}
	}
	return fmt.Errorf("%s: %s: %s", r.name, what, why)
}

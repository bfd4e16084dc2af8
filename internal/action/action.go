// Package action turns an action that a user bakes into an image into the files of a layer: /action/exec and its
// neighbours.
//
//	source, err := action.Open("./hello", action.Options{Toolchain: "go1.26.8"})
//	baked, err := source.Bake(ctx, images.LinuxAMD64, action.NewTree(env, layers...))
//
// A folder with Go files is a package, which is compiled. Other folders hold functions, and go in whole. A file goes in
// as it is: a function, a program, a script, a zip or a tar.gz. All pass the proxy's checks of an upload, so an action
// that could not start in the image fails the build, not its first run.
package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	pathpkg "path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// Options are the settings for compiling Go packages and checking functions.
type Options struct {
	Toolchain     string // the exact version of Go
	Tags, LDFlags string // as for go build
	Store         cache.Dir
	Module        *gobuild.Module // of a package that travels in mkimage
	Stemcells     stemcells.Set   // all known ones, for messages
	AllowSecrets  []string        // files that may look like secrets
}

// Source is the source of an action: a Go package, a folder, or the content of a file.
type Source struct {
	path    string
	compile func(ctx context.Context, platform images.Platform) ([]byte, error)               // of a Go package, else nil
	list    func(ctx context.Context, platforms []images.Platform) (map[string][]byte, error) // likewise
	folder  *folder                                                                           // of a function, else nil
	content []byte
	options Options
}

// Baked is an action as it lies in the image of one platform.
type Baked struct {
	Files    []layer.File // below /action
	Start    string       // the file that is started, below /action: exec, or a function's file
	Function bool         // a stemcell runs it
	Serves   bool         // it links the openwhisk library: it serves /init and /run itself
	Compiled bool         // from Go, by this build
}

// Size returns the size of the files in bytes.
func (b Baked) Size() (size int64) {
	for _, file := range b.Files {
		size += file.Size
	}
	return size
}

// Open reads the source at path. [Source.Bake] checks its content.
func Open(path string, options Options) (*Source, error) {
	stat, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no %s: name a function's file or folder, a Go package's folder, a program, a script, a zip or a tar.gz", path)
	case err != nil:
		return nil, err
	case stat.IsDir() && !IsGoPackage(path):
		folder, err := openFolder(filepath.Clean(path))
		return &Source{path: path, folder: folder, options: options}, err
	case stat.IsDir():
		own := gobuild.Package{Dir: filepath.Clean(path), Toolchain: options.Toolchain, Tags: options.Tags, LDFlags: options.LDFlags, Store: options.Store}
		return &Source{path: path, compile: own.Build, list: own.Files}, nil
	case strings.HasSuffix(path, ".go"):
		return nil, fmt.Errorf("%s is a file of a Go package: name its folder, %s", path, filepath.Dir(path))
	case !stat.Mode().IsRegular():
		return nil, fmt.Errorf("%s is neither a folder nor a regular file", path)
	case stat.Size() > code.MostUnpacked:
		return nil, fmt.Errorf("%s has more than %d MiB", path, code.MostUnpacked>>20)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return &Source{path: path, content: content, options: options}, nil
}

// IsGoPackage reports whether a folder holds Go files, and so is taken for a package.
func IsGoPackage(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && slices.ContainsFunc(entries, func(entry fs.DirEntry) bool {
		return filepath.Ext(entry.Name()) == ".go" && !entry.IsDir()
	})
}

// Shipped returns the Go package at dir ("stemcells/go/examples/hello") that travels in mkimage.
func Shipped(dir string, options Options) *Source {
	return &Source{path: dir, compile: func(ctx context.Context, platform images.Platform) ([]byte, error) {
		return options.Module.Build(ctx, "./"+dir, platform)
	}, list: func(context.Context, []images.Platform) (map[string][]byte, error) { return nil, nil }}
}

// Contents returns the files of the source by name: the one file, the files of a folder, or all files that the Go
// package is compiled from on some of the platforms. A package that travels in mkimage has none of its own.
func (s *Source) Contents(ctx context.Context, platforms []images.Platform) (map[string][]byte, error) {
	switch {
	case s.list != nil:
		return s.list(ctx, platforms)
	case s.folder != nil:
		return s.folder.contents()
	}
	return map[string][]byte{filepath.Base(s.path): s.content}, nil
}

// IsGo reports whether the source is a Go package.
func (s *Source) IsGo() bool { return s.compile != nil }

// Bake returns the action for an image of a platform whose other files are in below.
func (s *Source) Bake(ctx context.Context, platform images.Platform, below Tree) (Baked, error) {
	if s.compile != nil {
		return s.bakeGo(ctx, platform)
	}
	return s.bake("bake", platform, below)
}

// bake checks the files of an action. verb begins its errors.
func (s *Source) bake(verb string, platform images.Platform, below Tree) (Baked, error) {
	upload := below.upload()
	found, err := s.place(upload, platform)
	if err == nil {
		err = errors.Join(upload.checkSecrets(s.allowed), upload.err)
	}
	if err == nil {
		err = upload.checkCase()
	}
	if err == nil {
		err = upload.checkLanguage(found)
	}
	if err != nil {
		return Baked{}, fmt.Errorf("%s %s for %s: %w%s", verb, show(s.path), platform, err, otherPlatform(found.program, platform))
	}
	baked := Baked{Files: upload.files(), Start: found.main, Function: found.launcher != nil}
	if !baked.Function {
		baked.Start, baked.Serves = code.Exec, isELF(found.program) && linksLibrary(found.program)
	}
	return baked, nil
}

// place puts the source into a tree.
func (s *Source) place(u *upload, platform images.Platform) (placed, error) {
	if s.folder != nil {
		return u.placeFolder(s.folder, platform, s.options.Stemcells)
	}
	if len(s.content) > 0 && code.KindOf(s.content) == code.Text {
		return u.placeFunction(filepath.Base(s.path), s.content, s.options.Stemcells)
	}
	return u.place(s.content, platform)
}

// allowed reports whether a file may look like a secret: --allow-secret-file names it, by its path in the action or
// from here, or by its last element, or a "!" of .dockerignore does.
func (s *Source) allowed(name string) bool {
	return s.folder != nil && s.folder.decided[name] || slices.ContainsFunc(s.options.AllowSecrets, func(allowed string) bool {
		allowed = filepath.ToSlash(filepath.Clean(allowed))
		return allowed == name || allowed == pathpkg.Base(name) || allowed == filepath.ToSlash(filepath.Join(s.path, name))
	})
}

func isELF(program []byte) bool { return code.KindOf(program) == code.ELF }

// otherPlatform returns advice about a program for another platform, or "".
func otherPlatform(program []byte, platform images.Platform) string {
	for _, other := range images.Platforms() {
		if other != platform && len(program) >= 64 && isELF(program) && code.MachineOf(program) == other.Architecture() {
			return fmt.Sprintf(": build the image with --platform %s, or name the folder of a Go package, which is compiled for each platform", other)
		}
	}
	return ""
}

func (s *Source) bakeGo(ctx context.Context, platform images.Platform) (Baked, error) {
	program, err := s.compile(ctx, platform)
	if err != nil {
		return Baked{}, err
	}
	exec := layer.Regular(Exec, 0o755, program)
	exec.UID = User
	return Baked{Files: []layer.File{exec}, Start: code.Exec, Serves: linksLibrary(program), Compiled: true}, nil
}

// IsFolder reports whether the source is a folder that goes in with all that is in it.
func (s *Source) IsFolder() bool { return s.folder != nil }

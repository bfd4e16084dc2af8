package images

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/nearest"
)

//go:embed *.yaml
var shipped embed.FS

// maxFile is the size of the largest definition that is read, in bytes.
const maxFile = 64 << 10

// Folder is a place that holds definitions, one a file.
type Folder struct {
	path    string // as it stands in messages
	files   fs.FS
	shipped bool
}

// Shipped returns the definitions that travel inside the program.
func Shipped() Folder { return Folder{path: "images", files: shipped, shipped: true} }

// Dir returns the definitions in the folder at dir.
func Dir(dir string) Folder { return Folder{path: dir, files: os.DirFS(dir)} }

// Find returns the folder images of the working directory where it holds definitions, else the shipped ones.
func Find() Folder {
	here := Dir("images")
	if names, err := here.Names(); err == nil && len(names) > 0 {
		return here
	}
	return Shipped()
}

// Names lists the images of the folder, sorted.
func (f Folder) Names() ([]string, error) {
	entries, err := fs.ReadDir(f.files, ".")
	if err != nil {
		return nil, fmt.Errorf("list image definitions in %s: %w", f.path, reason(err))
	}
	var names []string
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), ".yaml"); ok && !entry.IsDir() && !strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	return names, nil
}

// Load reads the definitions that args name, in that order, or all of the folder where args is empty. An argument
// with a slash, or one that ends in .yaml or .yml, is a file. All mistakes of all files are returned, joined.
func Load(folder Folder, known Stemcells, args ...string) ([]Definition, error) {
	names, err := folder.Names()
	if len(args) == 0 {
		if err == nil && len(names) == 0 {
			err = fmt.Errorf("no image definition (NAME.yaml) in %s", folder.path)
		}
		args = names
	}
	if err != nil && slices.ContainsFunc(args, isName) || len(args) == 0 {
		return nil, err
	}

	var definitions []Definition
	var mistakes []error
	loaded := map[string]string{} // name -> file
	for _, arg := range args {
		file, data, err := folder.read(arg, names)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		definition, err := Parse(file, data, known)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		switch other, again := loaded[definition.Name]; {
		case !again:
			loaded[definition.Name] = file
			definition.Shipped = folder.shipped && isName(arg)
			definition.SHA256 = fmt.Sprintf("%x", sha256.Sum256(data))
			definitions = append(definitions, definition)
		case other != file:
			mistakes = append(mistakes, fmt.Errorf("two definitions of image %s: %s and %s", definition.Name, other, file))
		}
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	return definitions, nil
}

// read returns the file that an argument names, as it stands in messages, and its bytes.
func (f Folder) read(arg string, names []string) (string, []byte, error) {
	if !isName(arg) {
		file, err := os.Open(arg)
		if err != nil {
			return arg, nil, fmt.Errorf("read image definition %s: %w", arg, reason(err))
		}
		defer file.Close()
		data, err := readLimited(file, arg)
		return arg, data, err
	}
	if !slices.Contains(names, arg) {
		message := fmt.Sprintf("no image is named %q in %s; there are: %s", arg, f.path, strings.Join(names, ", "))
		if near := nearest.Word(arg, names); near != "" {
			message += fmt.Sprintf(" (did you mean %q?)", near)
		}
		return "", nil, errors.New(message)
	}
	shown := path.Join(filepath.ToSlash(f.path), arg+".yaml")
	file, err := f.files.Open(arg + ".yaml")
	if err != nil {
		return shown, nil, fmt.Errorf("read image definition %s: %w", shown, reason(err))
	}
	defer file.Close()
	data, err := readLimited(file, shown)
	return shown, data, err
}

func isName(arg string) bool {
	return !strings.ContainsAny(arg, `/\`) && !strings.HasSuffix(arg, ".yaml") && !strings.HasSuffix(arg, ".yml")
}

// readLimited reads one byte more than a definition may have, so that Parse can say that it is too large.
func readLimited(file io.Reader, shown string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read image definition %s: %w", shown, reason(err))
	}
	return data, nil
}

// reason strips the operation and the path, which the caller's message has already, from a file error.
func reason(err error) error {
	var where *fs.PathError
	if errors.As(err, &where) {
		return cmp.Or(where.Err, err)
	}
	return err
}

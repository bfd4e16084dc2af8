package images

import (
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

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

//go:embed *.yaml
var shipped embed.FS

// maxFile is the size of the largest definition that is read, in bytes.
const maxFile = 64 << 10

// Folder is a place that holds definitions, one a file.
type Folder struct {
	path     string // as it stands in messages
	files    fs.FS
	shipped  bool
	optional bool // it need not be there
}

// Shipped returns the definitions that travel inside the program.
func Shipped() Folder { return Folder{path: "images", files: shipped, shipped: true} }

// ShippedNames lists the images whose definitions travel inside the program, sorted.
func ShippedNames() []string {
	names, _ := Shipped().Names() // it is embedded
	return names
}

// Dir returns the definitions in the folder at dir.
func Dir(dir string) Folder { return Folder{path: dir, files: os.DirFS(dir)} }

// Find returns the definitions in the folder images of the working directory, which has none where it is not there.
func Find() Folder {
	return Folder{path: "images", files: os.DirFS("images"), optional: true}
}

// Names lists the images of the folder, sorted.
func (f Folder) Names() ([]string, error) {
	names, _, err := f.list()
	return names, err
}

// list returns the images of the folder, and the files that are perhaps meant to be definitions, but are called
// otherwise.
func (f Folder) list() (names, misnamed []string, err error) {
	entries, err := fs.ReadDir(f.files, ".")
	if errors.Is(err, fs.ErrNotExist) && f.optional {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("list image definitions in %s: %w", f.path, human.Reason(err))
	}
	for _, entry := range entries {
		file := entry.Name()
		name := strings.TrimSuffix(file, path.Ext(file))
		switch extension := path.Ext(file); {
		case entry.IsDir() || strings.HasPrefix(file, "."):
		case extension == ".yaml":
			names = append(names, name)
		case strings.EqualFold(extension, ".yml"), strings.EqualFold(extension, ".yaml"):
			misnamed = append(misnamed, file)
		}
	}
	return names, misnamed, nil
}

// Misnamed tells of each file of the folder that is perhaps meant to be a definition, but is called otherwise than
// NAME.yaml.
func (f Folder) Misnamed() []string {
	_, misnamed, _ := f.list() // Load returns the error, if there is one
	for i, file := range misnamed {
		misnamed[i] = f.rename(file)
	}
	return misnamed
}

func (f Folder) rename(file string) string {
	return fmt.Sprintf("%s is not read: rename it to %s", f.shown(file), f.shown(strings.TrimSuffix(file, path.Ext(file))+".yaml"))
}

// shown is a file of the folder, as it stands in messages.
func (f Folder) shown(file string) string { return path.Join(filepath.ToSlash(f.path), file) }

// NoneError means that a folder holds no definitions.
type NoneError struct{ folder Folder }

func (e *NoneError) Error() string {
	text := "no definitions in " + e.folder.path
	if e.folder.optional {
		text = "no definitions here"
	}
	for _, misnamed := range e.folder.Misnamed() {
		text += "; " + misnamed
	}
	return text + "; begin a project with mkimage init, or name one of the shipped ones: " + strings.Join(ShippedNames(), ", ")
}

// Load reads the definitions that args name, in that order, or all of the folder where args is empty: none is a
// [*NoneError]. An argument with a slash, or one that ends in .yaml or .yml, is a file; a name that the folder does not
// have is one of the shipped definitions, which nothing else takes. All mistakes of all files are returned, joined.
func Load(folder Folder, known Stemcells, args ...string) ([]Definition, error) {
	if len(args) == 0 || slices.ContainsFunc(args, isName) {
		names, err := folder.Names()
		switch {
		case err != nil:
			return nil, err
		case len(args) == 0 && len(names) == 0:
			return nil, &NoneError{folder}
		case len(args) == 0:
			args = names
		}
	}

	var definitions []Definition
	var mistakes []error
	loaded := map[string]string{} // name -> file
	for _, arg := range args {
		file, data, shipped, err := folder.read(arg)
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
			definition.Shipped = shipped
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

// read returns the file that an argument names, as it stands in messages, and its bytes, and whether it is a shipped
// one.
func (f Folder) read(arg string) (shown string, data []byte, shipped bool, err error) {
	if !isName(arg) {
		if mistake := noDefinition(arg); mistake != nil {
			return arg, nil, false, mistake
		}
		file, err := os.Open(arg)
		if err != nil {
			return arg, nil, false, fmt.Errorf("read image definition %s: %w", arg, human.Reason(err))
		}
		defer file.Close()
		data, err := readLimited(file, arg)
		return arg, data, false, err
	}
	if f, err = f.holding(arg); err != nil {
		return "", nil, false, err
	}
	shown = f.shown(arg + ".yaml")
	file, err := f.files.Open(arg + ".yaml")
	if err != nil {
		return shown, nil, false, fmt.Errorf("read image definition %s: %w", shown, human.Reason(err))
	}
	defer file.Close()
	data, err = readLimited(file, shown)
	return shown, data, f.shipped, err
}

// holding returns the folder that holds the image name: this one, or else the shipped ones.
func (f Folder) holding(name string) (Folder, error) {
	names, misnamed, err := f.list()
	if err != nil || slices.Contains(names, name) {
		return f, err
	}
	for _, file := range misnamed {
		if strings.TrimSuffix(file, path.Ext(file)) == name {
			return f, fmt.Errorf("no image is named %q in %s: %s", name, f.path, f.rename(file))
		}
	}
	if slices.Contains(ShippedNames(), name) {
		return Shipped(), nil
	}
	if mistake := noDefinition(name); mistake != nil {
		return f, mistake
	}
	message := fmt.Sprintf("no image is named %q in %s; there are: ", name, f.path)
	if len(names) > 0 {
		message += strings.Join(names, ", ") + "; shipped with mkimage: "
	}
	message += strings.Join(ShippedNames(), ", ")
	if near := suggest.Word(name, append(names, ShippedNames()...)); near != "" {
		message += fmt.Sprintf(" (did you mean %q?)", near)
	}
	return f, errors.New(message)
}

// noDefinition returns the mistake in an argument that was meant as something else than a definition, or nil.
func noDefinition(arg string) error {
	stat, err := os.Stat(arg)
	if before, after, found := strings.Cut(arg, ","); found && err != nil && before != "" && after != "" {
		return fmt.Errorf("%q: images are named one by one, with blanks between: %s", arg, strings.ReplaceAll(arg, ",", " "))
	}
	switch name, tag, tagged := strings.Cut(arg, ":"); {
	case err == nil && stat.IsDir():
		return fmt.Errorf("%s is a folder: take the definitions in it with --images %s, or name one of them", arg, arg)
	case err == nil && path.Ext(arg) != ".yaml" && path.Ext(arg) != ".yml":
		return fmt.Errorf("%s is no definition, whose name would end in .yaml; an action goes into an image with --action %s", arg, arg)
	case err != nil && tagged && isName(name) && isName(tag): // C:\images\one.yaml is a path of Windows
		return fmt.Errorf("%q: a definition has no tag: name the image %s; --tag %s tags what is pushed", arg, name, tag)
	}
	return nil
}

func isName(arg string) bool {
	return !strings.ContainsAny(arg, `/\`) && !strings.HasSuffix(arg, ".yaml") && !strings.HasSuffix(arg, ".yml")
}

// readLimited reads one byte more than a definition may have, so that Parse can say that it is too large.
func readLimited(file io.Reader, shown string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read image definition %s: %w", shown, human.Reason(err))
	}
	return data, nil
}

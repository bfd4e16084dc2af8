package layout

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// Find returns the folder of an image: dist/NAME if the image was built under that name, else a path. Either may end in
// :NAME, which names one of several images in the layout.
func Find(image string) (dir string, found bool) {
	places := []string{image}
	if filepath.Base(image) == image && !strings.HasPrefix(image, ".") { // a name that stays inside dist
		places = []string{filepath.Join("dist", image), image}
	}
	for _, dir := range places {
		folder, _ := split(dir)
		if _, err := os.Stat(filepath.Join(folder, "index.json")); err == nil {
			return dir, true
		}
	}
	return "", false
}

// reference is the end of an error: it tells how a registry's reference differs from a name.
const reference = " A registry's reference has a host or a slash"

// NotHere returns why [Find] has found no image for a text, or nil if the text may be a registry's reference. It keeps
// mistyped names from being looked up in a public registry. names are the images that can be built.
func NotHere(image string, names []string) error {
	if slices.Contains(names, image) {
		return fmt.Errorf("image %s is not built yet: mkimage build %s", image, image)
	}
	switch found, err := os.Stat(image); {
	case err == nil && found.IsDir():
		return fmt.Errorf("the folder %s holds no image: that of one has an index.json.%s", image, reference)
	case err == nil && slices.Contains([]string{".sh", ".bash", ".rb", ".py", ".go"}, path.Ext(image)):
		return fmt.Errorf("%s is code, and no image: mkimage run NAME --init %s runs it in the image NAME, mkimage build NAME --action %s makes one of it", image, image, image)
	case err == nil:
		return fmt.Errorf("%s is a file, and images are read from folders: give an archive to docker load -i %s, and then the name that it prints.%s", image, image, reference)
	case strings.Contains(image, "/") && !isPath(image):
		return nil
	case !errors.Is(err, fs.ErrNotExist) && isPath(image):
		return fmt.Errorf("look for %s: %w", image, human.OneLine(err))
	}
	name, _, _ := strings.Cut(path.Base(filepath.ToSlash(image)), ":")
	text := fmt.Sprintf("%q: no image, folder or archive of that name here", image)
	if near := suggest.Word(name, names); near != "" {
		text += "; did you mean " + near + "?"
	} else if slices.Contains(names, name) {
		text += "; did you mean " + name + "?"
	} else {
		text += "."
	}
	return errors.New(text + reference)
}

// isPath reports whether a text is a path of this machine rather than a registry's reference: it begins with an
// existing folder, or with ".", "..", "~" or "/".
func isPath(text string) bool {
	first, _, below := strings.Cut(filepath.ToSlash(text), "/")
	if slices.Contains([]string{"", ".", "..", "~"}, first) || strings.HasSuffix(text, "/") {
		return true
	}
	found, err := os.Stat(first)
	return below && err == nil && found.IsDir()
}

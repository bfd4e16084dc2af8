package starter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// Write writes a project into a folder, which is made where it is missing. It replaces nothing: common files that are
// there already are kept, and returned; where another one is there, nothing is written. When it fails, everything that
// it has made is removed.
func Write(dir string, files []File) (kept []string, err error) {
	var missing []File
	for _, file := range files {
		_, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(file.Path)))
		switch {
		case err == nil && file.Common:
			kept = append(kept, file.Path)
		case err == nil:
			return nil, fmt.Errorf("%s is there already, and nothing is replaced: name another folder, such as mkimage init functions", filepath.Join(dir, file.Path))
		case !errors.Is(err, os.ErrNotExist):
			return nil, fmt.Errorf("write %s: %w", filepath.Join(dir, file.Path), human.Reason(err))
		default:
			missing = append(missing, file)
		}
	}
	if err := writeAll(dir, missing); err != nil {
		return nil, err
	}
	return kept, nil
}

func writeAll(dir string, files []File) (err error) {
	var made []string
	defer func() {
		for i := len(made) - 1; err != nil && i >= 0; i-- {
			_ = os.Remove(made[i]) // a folder that somebody else has put something into stays
		}
	}()
	for _, file := range files {
		target := filepath.Join(dir, filepath.FromSlash(file.Path))
		if err := makeFolders(filepath.Dir(target), &made); err != nil {
			return fmt.Errorf("make the folder %s: %w", filepath.Dir(target), human.Reason(err))
		}
		mode := os.FileMode(0o666)
		if file.Program {
			mode = 0o777
		}
		written, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
		if err == nil {
			made = append(made, target)
			_, err = written.Write(file.Text)
			err = errors.Join(err, written.Close())
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", target, human.Reason(err))
		}
	}
	return nil
}

// makeFolders makes a folder and those above it that are missing, and adds them to made.
func makeFolders(dir string, made *[]string) error {
	if found, err := os.Stat(dir); err == nil && found.IsDir() {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := makeFolders(parent, made); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	*made = append(*made, dir)
	return nil
}

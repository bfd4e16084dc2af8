package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// builtRecord is the default path of the record that builds write.
const builtRecord = "dist/sizes.json"

func (f *sizesFlags) checkedIn() string { return filepath.Join(f.images, "sizes.json") }

// shown reads the record that was asked for: that in a registry, that of --size-record, or the checked-in one, in which
// the rows of the last builds count for the images that they have. Which of the two files is newer does not matter: a
// checkout sets times anew.
func (f *sizesFlags) shown(command *cobra.Command) (sizes.Record, error) {
	if f.remote != "" {
		return f.attached(command)
	}
	path := cmp.Or(f.sizeRecord, f.checkedIn())
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if f.sizeRecord != "" {
			return sizes.Record{}, fmt.Errorf("no size record at %s; builds write one with: mkimage build --size-record %s", path, path)
		}
		if _, err := os.Stat(builtRecord); err == nil {
			fmt.Fprintf(command.ErrOrStderr(), "there is no %s; this is %s, of the last builds here\n", path, filepath.FromSlash(builtRecord))
			path = builtRecord
		}
	}
	record, err := sizes.Read(path)
	if err != nil || path != f.checkedIn() || f.sizeRecord != "" {
		return record, err
	}
	last, err := sizes.Read(builtRecord)
	if err != nil {
		fmt.Fprintf(command.ErrOrStderr(), "left out: %v\n", err)
		return record, nil
	}
	return record.Under(last, builtRecord), nil
}

func (f *sizesFlags) attached(command *cobra.Command) (sizes.Record, error) {
	if !strings.Contains(f.remote, "/") {
		return sizes.Record{}, usage(command, fmt.Errorf("--remote %s: a registry's reference has a host or a slash", f.remote))
	}
	client, err := f.open(command, f.remote)
	if err != nil {
		return sizes.Record{}, err
	}
	defer client.Close()
	reference, err := client.Reference(f.remote)
	if err != nil {
		return sizes.Record{}, usage(command, fmt.Errorf("--remote: %w", err))
	}
	record, warnings, err := inspect.Sizes(command.Context(), client, reference)
	warn(command, warnings)
	return record, err
}

func (f *sizesFlags) takeOver(command *cobra.Command, args []string) error {
	from := cmp.Or(f.sizeRecord, builtRecord)
	built, err := sizes.Read(from)
	if err != nil {
		return err
	}
	if len(built.Images) == 0 {
		return fmt.Errorf("no sizes in %s to take over; build first, with: mkimage build", from)
	}
	if built, err = built.Only(args...); err != nil {
		return err
	}
	if f.as != "" {
		if built, err = built.As(f.as); err != nil {
			return err
		}
	}
	changed, err := built.Update(f.checkedIn(), f.as != "")
	if err != nil {
		return err
	}
	tellChange(command, f.checkedIn(), changed)
	return nil
}

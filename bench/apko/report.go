package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// difference is a path at which two images are not the same. One of them may have nothing there.
type difference struct {
	name         string
	ours, theirs *file
}

func (d difference) String() string {
	switch {
	case d.theirs == nil:
		return fmt.Sprintf("/%s: only mkimage, %s", d.name, d.ours)
	case d.ours == nil:
		return fmt.Sprintf("/%s: only apko, %s", d.name, d.theirs)
	}
	return fmt.Sprintf("/%s: mkimage %s; apko %s", d.name, d.ours, d.theirs)
}

// report prints every difference under its reason. Those without one are an error.
func report(out io.Writer, ours, theirs image) error {
	found := map[string][]string{} // by reason
	for _, d := range differences(ours.files, theirs.files) {
		why := d.reason(theirs)
		found[why] = append(found[why], d.String())
	}
	for _, why := range slices.Sorted(maps.Keys(found)) {
		if why != "" {
			fmt.Fprintf(out, "%s:\n  %s\n", why, strings.Join(found[why], "\n  "))
		}
	}
	if lines := found[""]; len(lines) > 0 {
		return fmt.Errorf("%d differences without a known reason:\n  %s", len(lines), strings.Join(lines, "\n  "))
	}
	return nil
}

// differences returns what is not the same, sorted by path.
func differences(ours, theirs map[string]file) []difference {
	names := maps.Clone(ours)
	maps.Copy(names, theirs)
	var found []difference
	for _, name := range slices.Sorted(maps.Keys(names)) {
		d := difference{name: name}
		if f, ok := ours[name]; ok {
			d.ours = &f
		}
		if f, ok := theirs[name]; ok {
			d.theirs = &f
		}
		if d.ours == nil || d.theirs == nil || *d.ours != *d.theirs {
			found = append(found, d)
		}
	}
	return found
}

package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// writeMetadata writes the results of a build for programs: {"schema": 1, "images": [...]}.
func writeMetadata(path string, results []build.Result) error {
	text, err := json.MarshalIndent(struct {
		Schema int            `json:"schema"`
		Images []build.Result `json:"images"`
	}{1, results}, "", "  ")
	if err != nil {
		return err
	}
	err = atomicfile.File(path, func(f *os.File) error {
		_, err := f.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("write --metadata-file %s: %w", path, human.Reason(err))
	}
	return nil
}

// rowsOf returns the sizes of images that were built.
func rowsOf(results []build.Result) []sizes.Image {
	var rows []sizes.Image
	for _, result := range results {
		rows = append(rows, result.Sizes...)
	}
	return rows
}

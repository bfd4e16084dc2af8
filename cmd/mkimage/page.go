package main

import (
	"fmt"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/picture"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// fewBoxes is how many boxes of an image a page has, unless all are asked for: with them a page of all shipped images
// has less than 120 KB.
const fewBoxes = 150

// showPage writes the page of a record. Images that are built here open down to their files.
func (f *sizesFlags) showPage(command *cobra.Command, record sizes.Record) error {
	store, _ := cache.Open("") // without one, layers are read anew
	for i := range record.Images {
		if tree := builtTree(record.Images[i], store); tree != nil {
			record.Images[i].Contents = &sizes.Contents{Tree: tree}
		}
	}
	page := picture.Page{Title: "Sizes of images", Record: record, Boxes: boxes(f.allFiles)}
	if f.remote == "" {
		lines, err := f.history(command, nil)
		if err != nil {
			fmt.Fprintf(command.ErrOrStderr(), "the page has no history: %v\n", err)
		}
		for _, line := range lines {
			for _, image := range record.Images {
				if image.Name == line.Name && image.Platform == line.Platform {
					page.History = append(page.History, line)
				}
			}
		}
	}
	return page.Write(command.OutOrStdout())
}

func boxes(all bool) int {
	if all {
		return 0
	}
	return fewBoxes
}

// builtTree returns the tree of an image that the last build here has left in dist/NAME, or nil.
func builtTree(row sizes.Image, store cache.Dir) *sizes.Box {
	if filepath.Base(row.Name) != row.Name {
		return nil
	}
	dir, found := layout.Find(row.Name)
	if !found {
		return nil
	}
	index, err := layout.Read(dir)
	if err != nil {
		return nil
	}
	digest, err := v1.NewHash(row.Digest)
	if err != nil {
		return nil
	}
	image, err := index.Image(digest)
	if err != nil {
		return nil
	}
	taken, err := inspect.Take(image, store)
	if err != nil {
		return nil
	}
	return taken.Contents(row.Name).Tree
}

// showPage writes the page of one image.
func (f *inspectFlags) showPage(command *cobra.Command, report inspect.Report) error {
	record := sizes.Record{References: sizes.References()}
	name, _, _ := strings.Cut(report.Reference, "@")
	for _, p := range report.Platforms {
		row := sizes.Image{Name: name, Platform: p.Platform, Digest: p.Digest, DockerSize: p.DockerSize, CompressedSize: p.CompressedSize}
		if p.Tree != nil {
			row.Contents = &sizes.Contents{Tree: p.Tree}
		}
		for _, l := range p.Layers {
			row.Layers = append(row.Layers, sizes.Layer{Name: l.Name, DockerSize: l.DockerSize})
		}
		record.Images = append(record.Images, row)
	}
	return picture.Page{Title: name, Note: report.Digest, Record: record, Boxes: boxes(f.allFiles)}.Write(command.OutOrStdout())
}

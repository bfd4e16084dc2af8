package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// take looks at a referrer. One that is of no use is a warning.
func (i *remoteImage) take(ctx context.Context, listed referrers.Listed) {
	attachment, err := i.attached.Open(ctx, i.subject, listed)
	if err != nil {
		i.warn("%v", err)
		return
	}
	i.report.Attached = append(i.report.Attached, Attached{
		Kind: string(attachment.Kind), Type: attachment.Type, Predicate: attachment.Predicate, Digest: attachment.Digest, Size: attachment.Size,
	})
	if attachment.Kind == referrers.SBOM && i.packages == nil || attachment.Kind == referrers.Sizes && i.rows == nil {
		if _, err := i.use(ctx, attachment); err != nil {
			i.warn("%v", err)
		}
	}
}

// use reads an attachment, and takes its statements about this image. It trusts none of them: everybody who may push
// can attach.
func (i *remoteImage) use(ctx context.Context, attachment referrers.Attachment) ([]byte, error) {
	text, err := i.attached.Read(ctx, i.subject, attachment)
	if err != nil {
		return nil, err
	}
	switch attachment.Kind {
	case referrers.SBOM:
		packages, err := sbom.Packages(text)
		if err == nil {
			err = belong(i.report.Platforms, func(digest string) bool { _, ok := packages[digest]; return ok })
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", attachment.Digest, err)
		}
		i.packages = packages
	case referrers.Sizes:
		rows, err := rowsOf(text, i.report.Platforms)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", attachment.Digest, err)
		}
		i.rows = rows
	}
	return text, nil
}

// rowsOf reads a size record, which must be the record of these images, and returns its rows by digest.
func rowsOf(text []byte, platforms []Platform) (map[string]sizes.Image, error) {
	record, err := sizes.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the size record is not one: %w", err)
	}
	rows := map[string]sizes.Image{}
	for _, row := range record.Images {
		if err := check(row); err != nil {
			return nil, fmt.Errorf("the size record is not one: %w", err)
		}
		rows[row.Digest] = row
	}
	if err := belong(platforms, func(digest string) bool { _, ok := rows[digest]; return ok }); err != nil {
		return nil, err
	}
	for _, p := range platforms {
		same := slices.EqualFunc(p.Layers, rows[p.Digest].Layers, func(a Layer, b sizes.Layer) bool {
			return a.Digest == b.Digest && a.CompressedSize == b.CompressedSize && b.DockerSize >= 0
		})
		if !same || rows[p.Digest].Platform != p.Platform {
			return nil, fmt.Errorf("the size record speaks of other layers than %s has", p.Platform)
		}
	}
	return rows, nil
}

// check refuses rows that no build writes, and text that would break a table.
func check(row sizes.Image) error {
	if row.DockerSize < 0 || row.CompressedSize < 0 || row.TarSize < 0 {
		return errors.New("a size is below zero")
	}
	if row.Contents != nil && row.Contents.Tree != nil {
		if err := row.Contents.Tree.Check(); err != nil {
			return err
		}
	}
	words := []string{row.Name, row.Platform}
	for name, value := range row.Inputs {
		words = append(words, name, value)
	}
	for _, word := range words {
		if terminal.Clean(word) != word || strings.ContainsAny(word, "|<>`") {
			return fmt.Errorf("%q has characters that do not belong there", word)
		}
	}
	return nil
}

func belong(platforms []Platform, has func(digest string) bool) error {
	for _, p := range platforms {
		if !has(p.Digest) {
			return fmt.Errorf("it says nothing of %s, which is %s of this image", p.Digest, p.Platform)
		}
	}
	return nil
}

// order returns the place of a kind in the list of kinds; unknown kinds come last.
func order(kind string) int {
	if at := slices.Index(referrers.Kinds(), referrers.Kind(kind)); at >= 0 {
		return at
	}
	return len(referrers.Kinds())
}

// finish joins the image's own facts with those of its attachments.
func (i *remoteImage) finish() Report {
	slices.SortStableFunc(i.report.Attached, func(a, b Attached) int { return cmp.Compare(order(a.Kind), order(b.Kind)) })
	for n, bare := range i.report.Platforms {
		row, ok := i.rows[bare.Digest]
		if !ok {
			bare.Packages = packages(nil, i.packages[bare.Digest])
			i.report.Platforms[n] = bare
			continue
		}
		row.Platform, row.Digest, row.CompressedSize = bare.Platform, bare.Digest, bare.CompressedSize
		i.report.Platforms[n] = platform(row, i.packages[bare.Digest])
	}
	if i.rows == nil {
		i.report.Unknown = append(i.report.Unknown, "docker sizes", "largest files")
	}
	i.report.Unknown = append(i.report.Unknown, "duplicates, hidden files, owners and modes")
	if i.packages == nil {
		i.report.Unknown = append(i.report.Unknown, "packages")
	}
	return i.report
}

package apkfs

import (
	"archive/tar"
	"bytes"
	"crypto/sha1" //nolint:gosec // indexes name packages by it
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"chainguard.dev/apko/pkg/apk/expandapk"
	"chainguard.dev/apko/pkg/apk/types"
	"github.com/klauspost/compress/gzip"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// maxUnpacked is the size limit of an unpacked package, in bytes.
const maxUnpacked = 1 << 30

// unpacked is a package in memory, verified and unpacked. A package is up to three gzip streams in a row: the
// signature, the control part and the files.
type unpacked struct {
	pin     images.Pin
	about   *types.Package
	rank    int      // replaces_priority: of two packages with the same file, the higher one keeps it
	scripts []string // names of its install scripts: .pre-install, .post-install, .trigger
	files   []content
}

// content is an entry of the package's archive with its bytes.
type content struct {
	header *tar.Header
	path   string // clean, without a slash at either end
	bytes  []byte
}

// unpack verifies a package and unpacks it.
func unpack(raw []byte, pin images.Pin) (*unpacked, error) {
	control, data, err := verifyPackage(raw, pin)
	if err != nil {
		return nil, fmt.Errorf("package %s: %w", pin, err)
	}
	p := &unpacked{pin: pin}
	if err := p.readControl(control, int64(len(raw))); err != nil {
		return nil, fmt.Errorf("package %s: %w", pin, err)
	}
	want, err := hex.DecodeString(p.about.DataHash)
	if sum := sha256.Sum256(data); err != nil || !bytes.Equal(want, sum[:]) && len(data) > 0 {
		return nil, fmt.Errorf("package %s: its files are not those that were signed", pin)
	}
	if err := p.readFiles(data); err != nil {
		return nil, fmt.Errorf("package %s: %w", pin, err)
	}
	return p, nil
}

// verifyPackage checks a package against its pin, and returns the control part and the files, both compressed.
func verifyPackage(raw []byte, pin images.Pin) (control, data []byte, err error) {
	if int64(len(raw)) != pin.Size {
		return nil, nil, fmt.Errorf("it has %d bytes, not %d: the download was cut, or it is another package", len(raw), pin.Size)
	}
	if sum := hexSum(raw); pin.SHA256 != "" && sum != pin.SHA256 {
		return nil, nil, fmt.Errorf("it is not the locked package: its SHA-256 is %s", sum)
	}
	parts, err := expandapk.SplitWithOptions(bytes.NewReader(raw), expandapk.WithMaxControlSize(16<<20))
	if err != nil {
		return nil, nil, fmt.Errorf("it is not an Alpine package: %w", err)
	}
	before := 0
	for _, part := range parts[:len(parts)-1] {
		if control, err = io.ReadAll(part); err != nil {
			return nil, nil, err
		}
		before += len(control)
	}
	want, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(pin.Checksum, "Q1"))
	if sum := sha1.Sum(control); err != nil || !strings.HasPrefix(pin.Checksum, "Q1") || !bytes.Equal(want, sum[:]) {
		return nil, nil, errors.New("it is another package than in the index or the lock: the checksum differs")
	}
	return control, raw[before:], nil
}

// readControl reads the control part.
func (p *unpacked) readControl(control []byte, size int64) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(control))
	if err != nil {
		return err
	}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch header.Name {
		case ".PKGINFO":
			text, err := io.ReadAll(archive)
			if err != nil {
				return err
			}
			found, err := types.ParsePackageInfo(bytes.NewReader(text))
			if err != nil {
				return err
			}
			p.rank = replacesPriority(text)
			sum := sha1.Sum(control)
			p.about = found.AsPackage(sum[:], uint64(size))
		case ".pre-install", ".post-install", ".trigger":
			p.scripts = append(p.scripts, header.Name)
		}
	}
	if p.about == nil || p.about.Name != p.pin.Name || p.about.Version != p.pin.Version {
		return errors.New("its control part is that of another package")
	}
	slices.Sort(p.scripts)
	return nil
}

// replacesPriority reads the one field of .PKGINFO that apko skips. A number too large for apk counts as 0.
func replacesPriority(info []byte) int {
	for line := range strings.Lines(string(info)) {
		if key, value, _ := strings.Cut(line, "="); strings.TrimSpace(key) == "replaces_priority" {
			priority, _ := strconv.ParseUint(strings.TrimSpace(value), 10, 16)
			return int(priority)
		}
	}
	return 0
}

// sizeAtEnd returns the size that a gzip stream announces at its end for its content (RFC 1952, ISIZE).
func sizeAtEnd(zipped []byte) int64 {
	if len(zipped) < 4 {
		return -1
	}
	return int64(binary.LittleEndian.Uint32(zipped[len(zipped)-4:]))
}

// readFiles reads the archive of the files. It refuses names that lead out of the image.
func (p *unpacked) readFiles(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	raw, err := patient.ReadAll(unzipped, sizeAtEnd(data), maxUnpacked)
	if err != nil {
		return err
	}
	source := bytes.NewReader(raw)
	for archive := tar.NewReader(source); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(header.Name, "/")
		if name == "." || name == "" {
			continue
		}
		if !fs.ValidPath(name) {
			return fmt.Errorf("%q leads out of the image", header.Name)
		}
		for key := range header.PAXRecords {
			if attribute, ok := strings.CutPrefix(key, "SCHILY.xattr."); ok {
				return fmt.Errorf("%s has the extended attribute %s, which layers here do not keep", name, attribute)
			}
		}
		entry := content{header: header, path: name}
		switch header.Typeflag {
		case tar.TypeReg:
			at := int64(len(raw)) - int64(source.Len()) // the tar reader reads no byte ahead
			if at+header.Size > int64(len(raw)) {
				return fmt.Errorf("%s: %w", name, io.ErrUnexpectedEOF)
			}
			entry.bytes = raw[at : at+header.Size : at+header.Size]
		case tar.TypeDir, tar.TypeSymlink, tar.TypeLink:
		default:
			return fmt.Errorf("%s is neither a file nor a folder nor a link", name)
		}
		p.files = append(p.files, entry)
	}
}

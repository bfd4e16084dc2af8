package code

import (
	"io"
)

// tarGz unpacks a gzipped tar.
func (a *Archive) tarGz(file io.ReaderAt, size int64) error {
	in, inflate := &input{}, &inflater{}
	in.reset(file, 0, size)
	// Headers have no content that counts against the limit, but there may be any number of extended ones.
	const headers = 2 << 10
	whole := &bounded{newGunzip(in, inflate), a.limits.Unpacked + int64(a.limits.Entries)*headers, a.tooLarge()}
	if err := a.tar(newTar(whole)); err != nil {
		return err
	}
	// The bytes behind the end tell whether the sums are right.
	if _, err := io.CopyBuffer(overRead{}, whole, a.buf); err != nil {
		return tarDamaged(err)
	}
	return nil
}

// tarDamaged returns a refusal of a damaged tar, err itself where that is one already.
func tarDamaged(err error) error {
	if _, said := err.(*Refusal); said {
		return err
	}
	return Refuse("the tar archive is damaged: ", err.Error())
}

// A bounded reader gives an error of its own when there is more than left bytes.
type bounded struct {
	from  io.Reader
	left  int64
	error error
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, b.error
	}
	return n, err
}

func (a *Archive) tar(t *tarReader) error {
	for {
		h, err := t.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return tarDamaged(err)
		}
		switch h.kind {
		case tarFolder:
			err = a.folder(h.name)
		case tarSymlink:
			err = a.symlink(h.name, h.link)
		case tarRegular, tarRegularOld, tarContiguous:
			err = a.regular(h.name, h.mode, h.size, t)
		case tarHardLink:
			err = holdsThe("hard link", h.name, ": pack files, not links to them (tar --hard-dereference)")
		case tarSparse:
			err = holdsThe("sparse file", h.name, ": pack it without --sparse")
		default:
			err = a.special(h.name)
		}
		if err != nil {
			return err
		}
	}
}

//go:build linux

package action

import "io"

// tarGz unpacks a gzipped tar.
func (u *unpacker) tarGz(file *File) error {
	size, err := file.size()
	if err != nil {
		return refuse("cannot read what was uploaded: ", err.Error())
	}
	in, inflate := &input{}, &inflater{}
	in.reset(file, 0, size)
	// Headers have no content that counts against the limit, but there may be any
	// number of extended ones.
	const headers = 2 << 10
	whole := &bounded{newGunzip(in, inflate), u.limits.Unpacked + int64(u.limits.Entries)*headers, u.tooLarge()}
	if err := u.tar(newTar(whole)); err != nil {
		return err
	}
	// What follows the end tells whether the sums are right.
	if _, err := io.CopyBuffer(io.Discard, whole, u.buf); err != nil {
		return tarDamaged(err)
	}
	return nil
}

// tarDamaged says what is wrong with a tar, unless err is that already.
func tarDamaged(err error) error {
	if _, said := err.(*PlaceError); said {
		return err
	}
	return refuse("the tar archive is damaged: ", err.Error())
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

func (u *unpacker) tar(t *tarReader) error {
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
			err = u.folder(h.name)
		case tarSymlink:
			err = u.symlink(h.name, h.link)
		case tarRegular, tarRegularOld, tarContiguous:
			err = u.regular(h.name, h.mode, h.size, t)
		case tarHardLink:
			err = refuse("the archive holds the hard link ", quoted(h.name), ": pack files, not links to them (tar --hard-dereference)")
		case tarSparse:
			err = refuse("the archive holds the sparse file ", quoted(h.name), ": pack it without --sparse")
		default:
			err = u.special(h.name)
		}
		if err != nil {
			return err
		}
	}
}

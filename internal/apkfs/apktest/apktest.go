// Package apktest writes small signed repositories of Alpine packages, for tests:
//
//	mirror, err := apktest.New(t.TempDir())
//	err = mirror.Add("v3.22", "main", "x86_64", apktest.Base("v3.22")...)
//	source, err := apkfs.Open(mirror.Dir, []string{mirror.KeyFile}, cache)
//
// The format is that of apk-tools 2 (https://wiki.alpinelinux.org/wiki/Apk_spec): gzip streams one after the other,
// each a tar, for the signature, the control part and the files; an index is a signature and a list.
package apktest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the format requires it
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Package describes a package to make.
type Package struct {
	Name, Version, Origin       string
	Depends, Provides, Replaces []string
	InstallIf                   []string
	ProviderPriority            int
	ReplacesPriority            int
	Files                       []tar.Header      // Linkname is the content of a regular file
	Scripts                     map[string]string // such as ".post-install"
}

// File returns a regular file of a package.
func File(name string, mode int64, content string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Linkname: content}
}

// Dir returns a folder of a package.
func Dir(name string, mode int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode}
}

// Symlink returns a symbolic link of a package.
func Symlink(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}
}

// Mirror is a folder with signed repositories.
type Mirror struct {
	Dir     string // RELEASE/REPOSITORY/ARCHITECTURE are below it
	KeyFile string // the public key
	key     *rsa.PrivateKey
}

// New makes a mirror in a folder, with a key of its own beside it. It keeps the packages and the key of a former call.
func New(dir string) (*Mirror, error) {
	m := &Mirror{Dir: filepath.Join(dir, "mirror"), KeyFile: filepath.Join(dir, "test@example.org-1.rsa.pub")}
	if err := os.MkdirAll(m.Dir, 0o777); err != nil {
		return nil, err
	}
	private := filepath.Join(dir, "private.der")
	if old, err := os.ReadFile(private); err == nil {
		m.key, err = x509.ParsePKCS1PrivateKey(old)
		return m, err
	}
	var err error
	// Of the shortest length that is taken, for tests make many.
	if m.key, err = rsa.GenerateKey(rand.Reader, 1024); err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(&m.key.PublicKey)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(private, x509.MarshalPKCS1PrivateKey(m.key), 0o600); err != nil {
		return nil, err
	}
	return m, os.WriteFile(m.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), 0o666)
}

// Path returns where a file of a repository is.
func (m *Mirror) Path(release, repository, arch, name string) string {
	return filepath.Join(m.Dir, release, repository, arch, name)
}

// Add writes packages and an index that lists them, and no others.
func (m *Mirror) Add(release, repository, arch string, packages ...Package) error {
	var list strings.Builder
	if err := os.MkdirAll(m.Path(release, repository, arch, ""), 0o777); err != nil {
		return err
	}
	for _, p := range packages {
		raw, record, err := m.pack(p, arch)
		if err != nil {
			return fmt.Errorf("pack %s: %w", p.Name, err)
		}
		if err := os.WriteFile(m.Path(release, repository, arch, p.Name+"-"+p.Version+".apk"), raw, 0o666); err != nil {
			return err
		}
		list.WriteString(record)
	}
	return m.index(m.Path(release, repository, arch, "APKINDEX.tar.gz"), list.String())
}

// index writes a signed list of packages.
func (m *Mirror) index(path, list string) error {
	content, err := segment(true, File("DESCRIPTION", 0o644, "test"), File("APKINDEX", 0o644, list))
	if err != nil {
		return err
	}
	signature, err := m.sign(content)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(signature, content...), 0o666)
}

// sign returns the stream that says that the mirror's key has signed content.
func (m *Mirror) sign(content []byte) ([]byte, error) {
	sum := sha256.Sum256(content)
	signature, err := rsa.SignPKCS1v15(rand.Reader, m.key, crypto.SHA256, sum[:])
	if err != nil {
		return nil, err
	}
	return segment(false, File(".SIGN.RSA256."+filepath.Base(m.KeyFile), 0o644, string(signature)))
}

// pack returns a package and its record in the index.
func (m *Mirror) pack(p Package, arch string) (raw []byte, record string, err error) {
	data, err := segment(true, p.Files...)
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(data)
	about := fmt.Sprintf("pkgname = %s\npkgver = %s\narch = %s\npkgdesc = test package %s\nlicense = MIT\norigin = %s\nsize = 4096\n",
		p.Name, p.Version, arch, p.Name, p.origin())
	lists := []struct {
		key, letter string
		values      []string
	}{{"depend", "D", p.Depends}, {"provides", "p", p.Provides}, {"replaces", "r", p.Replaces}}
	for _, list := range lists {
		for _, value := range list.values {
			about += list.key + " = " + value + "\n"
		}
	}
	if len(p.InstallIf) > 0 {
		about += "install_if = " + strings.Join(p.InstallIf, " ") + "\n"
	}
	if p.ProviderPriority > 0 {
		about += fmt.Sprintf("provider_priority = %d\n", p.ProviderPriority)
	}
	if p.ReplacesPriority > 0 {
		about += fmt.Sprintf("replaces_priority = %d\n", p.ReplacesPriority)
	}
	control := []tar.Header{File(".PKGINFO", 0o644, about+"datahash = "+hex.EncodeToString(sum[:])+"\n")}
	for _, name := range slices.Sorted(maps.Keys(p.Scripts)) {
		control = append(control, File(name, 0o755, p.Scripts[name]))
	}
	middle, err := segment(false, control...)
	if err != nil {
		return nil, "", err
	}
	signature, err := m.sign(middle)
	if err != nil {
		return nil, "", err
	}
	raw = append(append(signature, middle...), data...)
	checksum := sha1.Sum(middle)
	record = fmt.Sprintf("C:Q1%s\nP:%s\nV:%s\nA:%s\nS:%d\nI:4096\nT:test package %s\nL:MIT\no:%s\n",
		base64.StdEncoding.EncodeToString(checksum[:]), p.Name, p.Version, arch, len(raw), p.Name, p.origin())
	for _, list := range lists {
		if len(list.values) > 0 {
			record += list.letter + ":" + strings.Join(list.values, " ") + "\n"
		}
	}
	if len(p.InstallIf) > 0 {
		record += "i:" + strings.Join(p.InstallIf, " ") + "\n"
	}
	if p.ProviderPriority > 0 {
		record += fmt.Sprintf("k:%d\n", p.ProviderPriority)
	}
	return raw, record + "\n", nil
}

func (p Package) origin() string {
	if p.Origin != "" {
		return p.Origin
	}
	return p.Name
}

// writers are kept: to make one costs more than to compress one of the small archives with it.
var writers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.HuffmanOnly)
	if err != nil {
		panic(err) // there is such a level
	}
	return w
}}

// segment returns a gzipped tar, with the end mark or to be followed by more.
func segment(end bool, files ...tar.Header) ([]byte, error) {
	var out bytes.Buffer
	zip := writers.Get().(*gzip.Writer)
	defer writers.Put(zip)
	zip.Reset(&out)
	archive := tar.NewWriter(zip)
	for _, file := range files {
		content := ""
		if file.Typeflag == tar.TypeReg {
			content, file.Linkname = file.Linkname, ""
			file.Size = int64(len(content))
		}
		if end && (file.Typeflag == tar.TypeReg || file.Typeflag == tar.TypeSymlink) {
			sum := sha1.Sum([]byte(content + file.Linkname)) // one of the two is there
			file.PAXRecords = map[string]string{"APK-TOOLS.checksum.SHA1": hex.EncodeToString(sum[:])}
		}
		if err := archive.WriteHeader(&file); err != nil {
			return nil, err
		}
		if _, err := archive.Write([]byte(content)); err != nil {
			return nil, err
		}
	}
	finish := archive.Flush
	if end {
		finish = archive.Close
	}
	if err := finish(); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

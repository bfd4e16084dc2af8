package sbom

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/package-url/packageurl-go"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// apkPackage is a record of apk's database (https://wiki.alpinelinux.org/wiki/Apk_spec).
type apkPackage struct {
	name, version, arch, description, url, license, origin, commit string
	checksum                                                       common.Checksum
	depends, provides                                              []string // names, without versions
	files                                                          []string // paths without a leading slash
}

// parseDatabase reads lib/apk/db/installed: records with an empty line between them, of lines "K:value".
func parseDatabase(text []byte) ([]apkPackage, error) {
	var packages []apkPackage
	var p apkPackage
	var dir string
	begun := false
	end := func() error {
		if !begun {
			return nil
		}
		if p.name == "" || p.version == "" {
			return errors.New("a package without a name or a version")
		}
		packages = append(packages, p)
		p, dir, begun = apkPackage{}, "", false
		return nil
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		line := strings.TrimRight(string(line), "\n")
		err := error(nil)
		if line == "" {
			err = end()
		} else {
			begun = true
			err = p.read(line, &dir)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", databasePath, number, err)
		}
	}
	if err := end(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", databasePath, number, err)
	}
	return packages, nil
}

// read takes a line of a record. dir is the folder that files of the next lines are in.
func (p *apkPackage) read(line string, dir *string) (err error) {
	key, value, ok := strings.Cut(line, ":")
	if !ok || len(key) != 1 {
		return fmt.Errorf("%q is not a letter, a colon and a value", line)
	}
	switch key {
	case "P":
		p.name = value
	case "V":
		p.version = value
	case "A":
		p.arch = value
	case "T":
		p.description = value
	case "U":
		p.url = value
	case "L":
		p.license = value
	case "o":
		p.origin = value
	case "c":
		p.commit = value
	case "C":
		p.checksum, err = parseChecksum(value)
	case "D":
		p.depends = bare(value)
	case "p":
		p.provides = bare(value)
	case "F":
		*dir = value
	case "R":
		p.files = append(p.files, strings.TrimPrefix(*dir+"/"+value, "/"))
	}
	return err
}

// parseChecksum reads "Q1" and the SHA-1, or "Q2" and the SHA-256, of a package's control part as base64.
func parseChecksum(value string) (common.Checksum, error) {
	for kind, algorithm := range map[string]common.ChecksumAlgorithm{"Q1": common.SHA1, "Q2": common.SHA256} {
		encoded, ok := strings.CutPrefix(value, kind)
		if !ok {
			continue
		}
		sum, err := base64.StdEncoding.DecodeString(encoded)
		if length := map[string]int{"Q1": 20, "Q2": 32}[kind]; err != nil || len(sum) != length {
			return common.Checksum{}, fmt.Errorf("checksum %q is not %d bytes in base64", value, length)
		}
		return common.Checksum{Algorithm: algorithm, Value: hex.EncodeToString(sum)}, nil
	}
	return common.Checksum{}, fmt.Errorf("checksum %q begins with neither Q1 nor Q2", value)
}

// bare returns the names of a list of dependencies, such as "so:libc.musl-x86_64.so.1 busybox>=1.36 !uclibc". What
// may not be there is left out.
func bare(list string) []string {
	var names []string
	for _, word := range strings.Fields(list) {
		if end := strings.IndexAny(word, "<>=~@"); end >= 0 {
			word = word[:end]
		}
		if word != "" && word[0] != '!' {
			names = append(names, word)
		}
	}
	return names
}

// addAlpine adds the packages of apk's database and what each needs. It returns them by name.
func (c *contents) addAlpine(packages []apkPackage) map[string]*spdx.Package {
	named := map[string]*spdx.Package{}
	providers := map[string]*spdx.Package{}
	for _, one := range packages {
		p := c.addPackage(one)
		named[one.name], providers[one.name] = p, p
		for _, provided := range one.provides {
			if providers[provided] == nil {
				providers[provided] = p
			}
		}
	}
	for _, one := range packages {
		for _, needed := range one.depends {
			if p := providers[needed]; p != nil && p != named[one.name] {
				c.document.relate(named[one.name].PackageSPDXIdentifier, common.TypeRelationshipDependsOn, p)
			}
		}
	}
	return named
}

func (c *contents) addPackage(one apkPackage) *spdx.Package {
	added := c.document.pack([]string{"Alpine", c.platform, one.name, one.version}, func(p *spdx.Package) {
		p.PackageName = one.name
		p.PackageVersion = one.version
		p.PackageSupplier = &common.Supplier{SupplierType: "Organization", Supplier: c.system.name}
		p.PackageSummary = one.description
		p.PackageHomePage = one.url
		p.PackageLicenseDeclared = declared(one.license)
		if p.PackageLicenseDeclared == unknown && one.license != "" {
			p.PackageLicenseComments = "The package says: " + one.license
		}
		if one.checksum.Value != "" {
			p.PackageChecksums = []common.Checksum{one.checksum}
			p.PackageComment = "The checksum is that of the package's control part, as in the index of its repository."
		}
		if one.origin != "" {
			p.PackageSourceInfo = "built from the source package " + one.origin
			if one.commit != "" {
				p.PackageSourceInfo += " at commit " + one.commit
			}
		}
		var qualifiers packageurl.Qualifiers
		if one.arch != "" {
			qualifiers = append(qualifiers, packageurl.Qualifier{Key: "arch", Value: one.arch})
		}
		if c.system.version != "" {
			qualifiers = append(qualifiers, packageurl.Qualifier{Key: "distro", Value: c.system.id + "-" + c.system.version})
		}
		p.PackageExternalReferences = locate(packageurl.TypeApk, c.system.id, one.name, one.version, qualifiers, "")
	})
	c.document.relate(c.image.PackageSPDXIdentifier, common.TypeRelationshipContains, added)
	return added
}

// system is what os-release(5) says.
type system struct{ id, version, name string }

// parseSystem reads the fields ID, VERSION_ID and NAME. Without them a system that has apk is Alpine.
func parseSystem(text []byte) system {
	s := system{id: "alpine", name: "Alpine Linux"}
	for line := range bytes.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(string(line)), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			s.id = value
		case "VERSION_ID":
			s.version = value
		case "NAME":
			s.name = value
		}
	}
	return s
}

package apktest

import (
	"archive/tar"
	"strings"
)

// Base returns packages that look like the base of an Alpine system.
func Base(release string) []Package {
	version := strings.TrimPrefix(release, "v")
	return []Package{
		{Name: "musl", Version: "1.2.5-r1", Provides: []string{"so:libc.musl.so.1=1"}, Files: []tar.Header{
			Dir("lib", 0o755), File("lib/ld-musl.so.1", 0o755, "the loader"), Symlink("lib/libc.so", "ld-musl.so.1"),
		}},
		{Name: "alpine-baselayout-data", Version: "3.6.8-r0", Origin: "alpine-baselayout", Files: []tar.Header{
			Dir("etc", 0o755),
			File("etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/sh\n"),
			File("etc/group", 0o644, "root:x:0:root\nshadow:x:42:\n"),
			{Typeflag: tar.TypeReg, Name: "etc/shadow", Mode: 0o640, Gid: 42, Linkname: "root:*::0:::::\n"},
			File("etc/shells", 0o644, "/bin/sh\n"),
		}},
		{Name: "alpine-baselayout", Version: "3.6.8-r0", Depends: []string{"alpine-baselayout-data=3.6.8-r0", "/bin/sh"}, Files: []tar.Header{
			Dir("etc", 0o755), Dir("etc/apk", 0o755), Dir("lib", 0o755), Dir("root", 0o700), Dir("sbin", 0o755), Dir("tmp", 0o1777),
			Dir("usr", 0o755), Dir("usr/bin", 0o755), Dir("usr/lib", 0o755), Dir("var", 0o755), Symlink("var/run", "/run"),
		}, Scripts: map[string]string{".pre-install": "#!/bin/sh\naddgroup shadow\n", ".post-install": "#!/bin/sh\n"}},
		{Name: "busybox", Version: "1.37.0-r18", Depends: []string{"so:libc.musl.so.1"}, Provides: []string{"cmd:busybox=1.37.0-r18"}, Files: []tar.Header{
			Dir("bin", 0o755), File("bin/busybox", 0o755, "busybox"), Dir("etc", 0o755), Dir("etc/busybox-paths.d", 0o755),
			File("etc/busybox-paths.d/busybox", 0o644, "bin/sh\nbin/ls\nusr/bin/[\n"),
		}, Scripts: map[string]string{".post-install": "#!/bin/busybox sh\n", ".trigger": "#!/bin/sh\n"}},
		{Name: "busybox-binsh", Version: "1.37.0-r18", Origin: "busybox", Depends: []string{"busybox=1.37.0-r18"}, Provides: []string{"/bin/sh", "cmd:sh=1.37.0-r18"}, ProviderPriority: 60,
			Files: []tar.Header{Dir("bin", 0o755), Symlink("bin/sh", "/bin/busybox")}},
		{Name: "alpine-release", Version: version + ".1-r0", Files: []tar.Header{
			Dir("etc", 0o755), File("etc/alpine-release", 0o644, version+".1\n"),
			File("etc/os-release", 0o644, "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID="+version+".1\n"),
		}},
		{Name: "ca-certificates-bundle", Version: "20250619-r0", Files: []tar.Header{
			Dir("etc", 0o755), Dir("etc/ssl", 0o755), Dir("etc/ssl/certs", 0o755), File("etc/ssl/certs/ca-certificates.crt", 0o644, "certificates"),
		}},
	}
}

// Languages returns packages that look like those of the shipped stemcells.
func Languages() []Package {
	return []Package{
		{Name: "readline", Version: "8.2.13-r1", Provides: []string{"so:libreadline.so.8=8.2"}, Files: []tar.Header{
			Dir("usr", 0o755), Dir("usr/lib", 0o755), File("usr/lib/libreadline.so.8", 0o755, "readline"),
		}},
		{Name: "bash", Version: "5.2.37-r0", Depends: []string{"/bin/sh", "so:libreadline.so.8"}, Files: []tar.Header{
			Dir("bin", 0o755), File("bin/bash", 0o755, "bash"),
			Dir("usr", 0o755), Dir("usr/lib", 0o755), Dir("usr/lib/bash", 0o755), File("usr/lib/bash/csv", 0o755, "a builtin"),
		}, Scripts: map[string]string{".post-install": "#!/bin/sh\nadd-shell /bin/bash\n"}},
		{Name: "jq", Version: "1.8.0-r0", Files: []tar.Header{Dir("usr", 0o755), Dir("usr/bin", 0o755), File("usr/bin/jq", 0o755, "jq")}},
		{Name: "ruby", Version: "3.4.4-r0", Depends: []string{"ca-certificates-bundle", "so:libreadline.so.8"}, Files: []tar.Header{
			Dir("usr", 0o755), Dir("usr/bin", 0o755), File("usr/bin/ruby", 0o755, "ruby"),
		}},
		{Name: "python3", Version: "3.12.10-r0", Files: []tar.Header{
			Dir("usr", 0o755), Dir("usr/bin", 0o755), File("usr/bin/python3", 0o755, "python"),
		}},
		{Name: "python3-pycache-pyc0", Version: "3.12.10-r0", Depends: []string{"python3=3.12.10-r0"}, Files: []tar.Header{
			Dir("usr", 0o755), Dir("usr/lib", 0o755), Dir("usr/lib/python3.12", 0o755), Dir("usr/lib/python3.12/__pycache__", 0o755),
			File("usr/lib/python3.12/__pycache__/os.cpython-312.pyc", 0o644, "bytecode"),
		}},
	}
}

package e2e

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// loadStemcell builds an image on Alpine and loads it. The packages come from the
// mirror that the environment names: ci/test says which.
func loadStemcell(t *testing.T, image string) string {
	t.Helper()
	needPackagesForAMD64(t)
	return loadImage(t, image, "--platform", "linux/amd64", "--allow-over-budget")
}

func needPackagesForAMD64(t *testing.T) {
	t.Helper()
	if os.Getenv("MKIMAGE_ALPINE_MIRROR") == "" {
		t.Skip("no Alpine packages: MKIMAGE_ALPINE_MIRROR is not set")
	}
	if runtime.GOARCH != "amd64" {
		t.Skip("the test packages of languages are for amd64")
	}
}

// frugal is how the platform runs a container, and less.
var frugal = slices.Concat(invoker, []string{"--read-only", "--tmpfs", "/action:exec,uid=65532", "--cap-drop", "ALL"})

// TestBashFunction uploads a file of functions, which knows nothing of a protocol.
func TestBashFunction(t *testing.T) {
	t.Parallel()
	i, _ := start(t, loadStemcell(t, "bash"), frugal...)
	i.init(t, `main() {
	echo "id $__OW_ACTIVATION_ID, $GREETING" >&2
	name=$(printf %s "$1" | jq -r .name)
	[ "$name" != nobody ] || return 3
	jq -nc --arg name "$name" '{greeting: ("Hello, " + $name)}'
}
`)
	i.greets(t, "Mike")
	if got := i.run(t, map[string]any{"name": "nobody"}); got["error"] == nil {
		t.Errorf("a function that fails answered %v", got)
	}
	i.greets(t, "Zoë ☃")
	log := "id a1b2, from init\n"
	testkit.Await(t, "the log of the runs", func() bool {
		_, stderr := i.logs()
		return len(stderr) >= 3*len(log+testkit.Sentinel+"\n") && stderr[:len(log)] == log
	})
}

// TestBashRefusals says why a file is not accepted.
func TestBashRefusals(t *testing.T) {
	t.Parallel()
	i, _ := start(t, loadStemcell(t, "bash"), frugal...)
	i.refuses(t, "main() {\n  echo (\n}\n", "line 2", "syntax error")
	i.init(t, "main() { echo '{\"greeting\":\"Hello, Mike\"}'; }")
	i.greets(t, "Mike")
}

// TestBashLoopInItsImage runs the loop that the v1 protocol was proposed with.
func TestBashLoopInItsImage(t *testing.T) {
	t.Parallel()
	i, _ := start(t, loadStemcell(t, "bash"), frugal...)
	i.speaksToBash(t)
}

// TestRubyFunction uploads main as OpenWhisk's Ruby kind has it, as text and in an archive.
func TestRubyFunction(t *testing.T) {
	t.Parallel()
	image := loadStemcell(t, "ruby")
	source := `def main(args)
  puts "id #{ENV['__OW_ACTIVATION_ID']}, #{ENV['GREETING']}"
  raise ArgumentError, "nobody is here" if args["name"] == "nobody"
  { greeting: "Hello, #{args["name"]}" }
end
`
	for name, code := range map[string]any{"text": source, "zip": zipped(t, "main.rb", []byte(source))} {
		t.Run(name, func(t *testing.T) {
			i, _ := start(t, image, frugal...)
			i.init(t, code)
			i.greets(t, "Mike")
			if got := i.run(t, map[string]any{"name": "nobody"}); got["error"] == nil {
				t.Errorf("an exception answered %v", got)
			}
			i.greets(t, "Zoë ☃")
			log := "id a1b2, from init\n"
			testkit.Await(t, "the log of the runs", func() bool {
				stdout, _ := i.logs()
				return stdout == log+testkit.Sentinel+"\n"+log+testkit.Sentinel+"\n"+log+testkit.Sentinel+"\n"
			})
		})
	}
}

// TestRubyRefusals says why source is not accepted, with its file and line.
func TestRubyRefusals(t *testing.T) {
	t.Parallel()
	i, _ := start(t, loadStemcell(t, "ruby"), frugal...)
	i.refuses(t, "def main(args)\n  [1,\nend\n", "main.rb", "syntax error")
	i.refuses(t, "x = 1\n", "main")
	i.init(t, "def main(args)\n  {greeting: \"Hello, Mike\"}\nend\n")
	i.greets(t, "Mike")
}

// TestPythonFunction uploads main as OpenWhisk's Python kind has it: as text, in archives, and as that kind's compiler
// packs it.
func TestPythonFunction(t *testing.T) {
	t.Parallel()
	image := loadStemcell(t, "python")
	source := `import os
def main(args):
    print("id", os.environ["__OW_ACTIVATION_ID"] + ",", os.environ["GREETING"])
    if args["name"] == "nobody": raise ValueError("nobody is here")
    return {"greeting": "Hello, " + args["name"]}
`
	compiled := zippedFiles(t, "exec", "#!/bin/bash\nexec /usr/local/bin/python exec__.py\n", "exec__.py", "raise Exception\n", "main__.py", source)
	for name, code := range map[string]any{
		"text": source, "main.py": zipped(t, "main.py", []byte(source)), "__main__.py": zipped(t, "__main__.py", []byte(source)), "compiled": compiled,
	} {
		t.Run(name, func(t *testing.T) {
			i, _ := start(t, image, append(frugal, "--user", "12345:0")...)
			i.init(t, code)
			i.greets(t, "Mike")
			if got := i.run(t, map[string]any{"name": "nobody"}); got["error"] != "ValueError: nobody is here" {
				t.Errorf("an exception answered %v", got)
			}
			i.greets(t, "Zoë ☃")
			log := "id a1b2, from init\n"
			testkit.Await(t, "the log of the runs", func() bool {
				stdout, _ := i.logs()
				return stdout == log+testkit.Sentinel+"\n"+log+testkit.Sentinel+"\n"+log+testkit.Sentinel+"\n"
			})
		})
	}
}

// TestPythonRefusals says why source is not accepted, with its file and line.
func TestPythonRefusals(t *testing.T) {
	t.Parallel()
	i, _ := start(t, loadStemcell(t, "python"), frugal...)
	i.refuses(t, "def main(args):\n  return (\n", "main.py", "line 2")
	i.refuses(t, "x = 1\n", "main.py has no function main")
	i.refuses(t, zippedFiles(t, "main.py", "x = 1", "requirements.txt", "requests"), "requirements.txt wants requests", "run:")
	so := "virtualenv/lib/python3.11/site-packages/_x.abi3.so"
	i.refuses(t, zippedFiles(t, "main.py", "x = 1", so, "\x7fELF\x00libc.so.6\x00"), so+" is an extension for glibc")
	i.init(t, "def main(args): return {'greeting': 'Hello, Mike'}\n")
	i.greets(t, "Mike")
}

// TestPythonLibrary imports what functions use of Python's library, which the image is trimmed of other things.
func TestPythonLibrary(t *testing.T) {
	t.Parallel()
	i, _ := start(t, loadStemcell(t, "python"), frugal...)
	i.init(t, `import sys
import asyncio, base64, csv, dataclasses, datetime, email.utils, hashlib, hmac, http.client, json, logging, pathlib, random, re, ssl, subprocess, tempfile, typing, urllib.request, uuid, xml.etree.ElementTree
# A module that has to be compiled takes its time from each first run.
compiled = [m.__file__ for m in list(sys.modules.values()) if type(getattr(getattr(m, "__spec__", None), "loader", None)).__name__ == "SourceFileLoader" and m.__file__.startswith(sys.prefix + "/lib/")]

import asyncio, codecs, ctypes, decimal, encodings.idna, hashlib, importlib, json, pkgutil, socket, ssl, subprocess, sys, tempfile, zlib, zipfile

# Of platforms, devices and C libraries that are not here: their absence says nothing of what is left out.
absent = {"_msi", "msilib", "winreg", "winsound", "nt", "msvcrt", "bz2", "lzma", "curses", "dbm", "readline", "sqlite3", "tkinter", "idlelib", "nis", "ossaudiodev", "spwd", "crypt", "uuid", "xxlimited", "turtledemo", "this", "antigravity"}
trimmed = {"ensurepip", "pydoc", "pydoc_data", "pdb", "bdb", "doctest", "turtle", "curses", "lib2to3", "venv", "mailbox", "pickletools", "trace", "modulefinder", "pyclbr", "cgitb", "webbrowser", "smtpd", "nntplib", "aifc", "sunau", "audioop", "distutils", "pstats", "profile", "cProfile", "telnetlib", "wave", "asyncore", "asynchat", "tabnanny", "symtable", "mailcap", "sndhdr", "chunk", "zipapp", "xdrlib", "rlcompleter", "code", "codeop"}

async def main(args):
    failed = {}
    for name in sorted(sys.stdlib_module_names - absent - trimmed):
        if name.startswith("_"): continue
        try: importlib.import_module(name)
        except Exception as error: failed[name] = repr(error)
    for name in ["asyncio.subprocess", "concurrent.futures", "ctypes.util", "email.mime.multipart", "http.server", "importlib.metadata", "importlib.resources", "json.tool", "logging.handlers", "multiprocessing.pool", "unittest.mock", "urllib.request", "wsgiref.simple_server", "xml.dom.minidom", "xml.etree.ElementTree", "xmlrpc.client", "zoneinfo"]:
        try: importlib.import_module(name)
        except ModuleNotFoundError as error: failed[name] = repr(error)
    for name in ["ascii", "cp437", "cp850", "cp1252", "cp866", "euc_jp", "gb18030", "idna", "iso8859-15", "koi8-r", "latin-1", "punycode", "shift_jis", "utf-16", "utf-8-sig"]:
        codecs.lookup(name)
    assert "bücher".encode("idna") == b"xn--bcher-kva" and decimal.Decimal("0.1") * 3 == decimal.Decimal("0.3")
    assert ssl.create_default_context().get_ca_certs() and ctypes.CDLL(None).getpid() > 0
    assert hashlib.new("md5", b"").hexdigest() and zlib.decompress(zlib.compress(b"x")) == b"x"
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(6 * 7)", stdout=-1)
    assert (await program.communicate())[0] == b"42\n"
    with tempfile.TemporaryDirectory() as dir, zipfile.ZipFile(dir + "/x.zip", "w") as archive: archive.writestr("ñ", "x")
    return {"compiled": compiled, "failed": failed, "trimmed": sorted(name for name in trimmed if pkgutil.find_loader(name))}
`)
	got := i.run(t, map[string]any{})
	if failed, ok := got["failed"].(map[string]any); !ok || len(failed) > 0 {
		t.Errorf("answered %v\n%s", got, i.log())
	}
	if compiled, _ := got["compiled"].([]any); len(compiled) > 0 {
		t.Errorf("compiled when it was imported: %v", compiled)
	}
	if trimmed, _ := got["trimmed"].([]any); len(trimmed) > 0 {
		t.Errorf("still there: %v", trimmed)
	}
}

// TestSeveralStemcells has two languages and one more package in an image. Text goes to the first, an archive to that
// of its main file, and everything to the one that OW_STEMCELL names.
func TestSeveralStemcells(t *testing.T) {
	t.Parallel()
	needEngine(t)
	needPackagesForAMD64(t)
	name, dir := imageName(t), t.TempDir()
	definition, archive := filepath.Join(dir, "both.yaml"), filepath.Join(dir, "both.tar")
	text := "name: both\nbase: alpine\nalpine: v3.22\nstemcells: [bash, ruby]\npackages: [tzdata]\nplatforms: [linux/amd64]\n"
	if err := os.WriteFile(definition, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	mkimage(t, "build", definition, "-o", "type=docker,dest="+archive+",ref="+name)
	docker(t, "load", "-i", archive)

	bash := `main() { printf %s "$1" | jq -c --arg zone "$(TZ=Asia/Tokyo date +%z)" '{greeting: ("Hello, " + .name), by: "bash", $zone}'; }`
	ruby := `def main(args)
  ENV["TZ"] = "Asia/Tokyo"
  { greeting: "Hello, #{args["name"]}", by: "ruby", zone: Time.now.strftime("%z") }
end
`
	for _, test := range []struct {
		name  string
		code  any
		flags []string
		by    string
	}{
		{"text goes to the first", bash, nil, "bash"},
		{"main.sh", zipped(t, "main.sh", []byte(bash)), nil, "bash"},
		{"main.rb", zipped(t, "main.rb", []byte(ruby)), nil, "ruby"},
		{"OW_STEMCELL=ruby for text", ruby, []string{"-e", "OW_STEMCELL=ruby"}, "ruby"},
		{"OW_STEMCELL=ruby for an archive", zipped(t, "main.rb", []byte(ruby)), []string{"-e", "OW_STEMCELL=ruby"}, "ruby"},
	} {
		t.Run(test.name, func(t *testing.T) {
			i, _ := start(t, name, slices.Concat(frugal, test.flags)...)
			i.init(t, test.code)
			i.greets(t, "Mike")
			if got := i.run(t, map[string]any{"name": "Zoë"}); got["by"] != test.by || got["zone"] != "+0900" {
				t.Errorf("answered %v, want %s with the time of Tokyo, which the package tzdata knows", got, test.by)
			}
		})
	}
}

// TestLargeValueOfNamedFunction names another function than main in init, and gives it a megabyte.
func TestLargeValueOfNamedFunction(t *testing.T) {
	t.Parallel()
	for image, code := range map[string]string{
		"bash":   `hello() { printf %s "$1" | jq -c '{size: (.text | length)}'; }`,
		"ruby":   `def hello(args) = { size: args["text"].size }`,
		"python": `def hello(args): return {"size": len(args["text"])}`,
	} {
		t.Run(image, func(t *testing.T) {
			i, _ := start(t, loadStemcell(t, image), frugal...)
			body := map[string]any{"value": map[string]any{"name": "hello", "main": "hello", "binary": false, "code": code}}
			if got := i.post(t, "/init", body); got != testkit.OK("OK") {
				t.Fatalf("init answered %v", got)
			}
			if got := i.run(t, map[string]any{"text": strings.Repeat("ü", 1<<19)}); got["size"] != float64(1<<19) {
				t.Errorf("answered %v", got)
			}
		})
	}
}

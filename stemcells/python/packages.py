# Finds the packages that a function brings in the folder virtualenv, for launcher.py.

import mmap
import os
import sys

NEEDED = (
    "install them there before the folder is packed (pip install --target virtualenv/lib/python{0}.{1}/site-packages "
    "-r requirements.txt), or in the image with a step: run: [{{script: PIP_BREAK_SYSTEM_PACKAGES=1 pip install -r "
    "/run/files/requirements.txt, files: [requirements.txt], packages: [py3-pip], network: true}}]"
)


def find(folder, refused, say):
    """Raises refused where the packages cannot work here."""
    virtualenv = folder + "/virtualenv"
    if os.path.isdir(virtualenv):
        activate(virtualenv, refused, say)
    missing = ", ".join(absent(folder + "/requirements.txt"))
    if missing:
        advice = NEEDED.format(*sys.version_info)
        raise refused(f"requirements.txt wants {missing}, and there is no such package: {advice}")


def activate(virtualenv, refused, say):
    ours = "python{}.{}".format(*sys.version_info)
    places = sites(virtualenv)
    place, version = next((place for place in places if place[1] == ours), places[-1] if places else ("", ""))
    if place:
        if version not in (ours, ""):
            say(f"virtualenv was made for {version} and runs with {ours}: packages of pure Python work")
        check_extensions(virtualenv, place, refused)
    before = list(sys.path)
    scripts = virtualenv + "/bin/activate_this.py", virtualenv + "/Scripts/activate_this.py"
    script = next(filter(os.path.isfile, scripts), "")
    if script:
        with open(script, "rb") as file:
            exec(compile(file.read(), script, "exec"), {"__file__": script, "__name__": "activate_this"})
    elif not place:
        lacks = f"neither bin/activate_this.py nor lib/{ours}/site-packages"
        raise refused(f"Invalid virtualenv: the folder virtualenv has {lacks}")
    if place and sys.path == before:
        add(place)


def add(place):
    """Puts a folder of packages before those of the image and after Python's own, as an active virtualenv has it."""
    import site

    before = list(sys.path)
    site.addsitedir(place)
    others = (i for i, entry in enumerate(before) if entry.endswith(("site-packages", "dist-packages")))
    at = next(others, len(before))
    sys.path[:] = before[:at] + sys.path[len(before) :] + before[at:]


def sites(virtualenv):
    """Returns the folders of packages, each with the python3.X that it was made for, "" where its path does not say."""
    lib, found = virtualenv + "/lib", []
    for version in sorted(os.listdir(lib)) if os.path.isdir(lib) else []:
        place = f"{lib}/{version}/site-packages"
        if version.startswith("python") and os.path.isdir(place):
            found.append((place, version))
    windows = virtualenv + "/Lib/site-packages"
    if not found and os.path.isdir(windows):
        found.append((windows, ""))
    return found


def check_extensions(virtualenv, place, refused):
    from importlib.machinery import EXTENSION_SUFFIXES

    for folder, _, names in os.walk(place):
        for name in names:
            path = f"{folder}/{name}"
            shown = os.path.relpath(path, os.path.dirname(virtualenv))
            if name.endswith(".pyd"):
                raise refused(f"{shown} is an extension for Windows")
            if not name.endswith(".so"):
                continue
            tag = "." + name.partition(".")[2]
            if ".cpython-" in tag and tag not in EXTENSION_SUFFIXES:
                raise refused(f"{shown} is an extension for another Python; this one takes {EXTENSION_SUFFIXES[0]}")
            if needs_glibc(path) and not GLIBC:
                raise refused(f"{shown} is an extension for glibc, and this image has musl: take a musllinux wheel")


def needs_glibc(path):
    if not os.path.getsize(path):
        return False
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return text.find(b"\0libc.so.6\0") >= 0


GLIBC = needs_glibc(os.path.realpath(sys.executable))


def absent(requirements):
    """Returns the names in a requirements.txt of which no package is installed."""
    if not os.path.isfile(requirements):
        return []
    with open(requirements, encoding="utf-8-sig", errors="replace") as file:
        wanted = [name for line in file if (name := required(line.strip()))]
    if not wanted:
        return []
    installed = set()
    for entry in sys.path:
        for name in os.listdir(entry) if os.path.isdir(entry) else []:
            if name.endswith((".dist-info", ".egg-info")):
                installed.add(same(name.rpartition(".")[0].partition("-")[0]))
    return [name for name in wanted if same(name) not in installed]


def required(line):
    """Returns the name that a line of a requirements.txt begins with, "" for other lines."""
    if line.startswith(("#", "-")) or "://" in line.partition("#")[0].partition("@")[0]:
        return ""
    end = 0
    while end < len(line) and (line[end].isalnum() or line[end] in "._-"):
        end += 1
    return "" if ";" in line else line[:end]  # a marker may say that it is not for here


def same(name):
    return name.lower().replace("_", "-").replace(".", "-")

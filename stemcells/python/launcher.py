#!/usr/bin/python3
# Runs functions written in Python: launcher.py FILE [NAME]
#
# FILE is loaded once; each run calls its function NAME (main) with the value, in this process. It returns a dict or a
# list; stdout and stderr are the log. The launcher speaks the native protocol on stdin and descriptor 3: version 2
# where the proxy does, which lets a run stream, be cancelled, and overlap with others; else ActionLoop. What a function
# may rely on stands in docs/stemcells.md.
#
# FILE may replace whatever it can import. So the launcher has builtins of its own and keeps the functions that it
# calls. No message about a request holds text of it, for it brings the API key.
#
# Only modules in C are imported, for where there is no bytecode all others are compiled at each start: json takes more
# time than the rest of the start. The interpreter itself shows exceptions.

import os
import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import SourceFileLoader
from _json import encode_basestring, make_encoder, make_scanner

__builtins__ = dict(vars(__builtins__))  # of the functions below: those of builtins are anybody's to replace

HERE = os.path.realpath(__file__)
PID = os.getpid()
EXIT, GETPID, READ, WRITE, STAT = os._exit, os.getpid, os.read, os.write, os.fstat
VARIABLES, PUTENV, UNSETENV = os.environ._data, os.putenv, os.unsetenv  # bytes; os.environ shows the same dict
SHOW = sys.__excepthook__
COROUTINE = 0x80  # of a function's co_flags: async def


class Refused(Exception):
    """Its message is all there is to say."""


def start(file, name):
    Launcher.take_pipes()
    launcher = Launcher(*choose(os.path.abspath(file)), name or "main")
    awaited = os.environ.get("__OW_WAIT_FOR_ACK")
    version = os.environ.get("__OW_NATIVE_PROTOCOL", "")
    launcher.native = bool(awaited) and version.isdecimal() and int(version) > 1
    launcher.may_overlap = launcher.native and os.environ.get("__OW_ALLOW_CONCURRENT") == "true"
    launcher.load()
    if awaited:
        launcher.greet()
    error = None
    while not launcher.over:
        try:
            launcher.serve(error)
        except Exception as raised:  # of a handler, at the begin or the end of a loop
            error = raised


def choose(file):
    """Returns the main file of an archive and the name of its module, which are those of OpenWhisk's own runtime."""
    folder = os.path.dirname(file)
    if os.path.isfile(folder + "/main__.py") and os.path.isfile(folder + "/exec__.py"):  # from its compiler
        file = folder + "/main__.py"
    elif os.path.isfile(folder + "/__main__.py"):
        file = folder + "/__main__.py"
    module = os.path.basename(file).removesuffix(".py")
    return file, "main__" if module == "__main__" else module


class Launcher:
    def __init__(self, file, module, name):
        self.file, self.module, self.name = file, module, name
        self.folder, self.shown = os.path.dirname(file), os.path.basename(file)
        self.chunks = []  # of what was read, the last part of a line
        self.taken = []  # the request that is to be answered, after its stream and its id; None for the end of the input
        self.owed = b""  # its answer
        self.sent = []  # how many bytes of that were written, call by call
        self.over = False
        self.loop = None
        self.streams = self.overlaps = False
        self.stream = None
        self.installed = {"stdout": sys.stdout, "stderr": sys.stderr}
        self.hidden = (HERE, "<frozen importlib")
        for stream in sys.stdout, sys.stderr:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
        self.log_stream = fresh(2)

    @classmethod
    def take_pipes(cls):
        """Moves the protocol's pipes to where neither the function nor a program that it starts finds them."""
        cls.requests, cls.results = move(0, 1000), move(3, 1001)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.close(null)
        os.close(3)
        cls.pipes = [identity(fd) for fd in (cls.requests, cls.results)]

    def load(self):
        beside = os.path.dirname(HERE)
        sys.path[:] = [self.folder] + [entry for entry in sys.path if entry != beside]
        sys.argv[:] = [self.file]
        if self.may_overlap:
            self.find_streams().divide_log()
        try:
            self.find_packages()
            loader = SourceFileLoader(self.module, self.file)
            module = type(sys)(self.module)
            module.__file__, module.__loader__ = self.file, loader
            module.__spec__ = ModuleSpec(self.module, loader, origin=self.file)
            module.__spec__.has_location = True
            sys.modules[self.module] = module
            exec(loader.get_code(self.module), vars(module))
            self.main = vars(module).get(self.name)
            self.streams = self.takes_two()
            runs = vars(module).get("OW_CONCURRENCY", 1)
            self.runs = runs if self.may_overlap and isinstance(runs, int) and runs > 1 else 1
            self.overlaps = self.runs > 1
            if self.streams or self.overlaps:
                self.find_streams().attach(self, to_json, read)
            if is_async(self.main):
                import asyncio  # noqa: F401 that the first run need not wait for it
        except BaseException as error:
            if not isinstance(error, Refused):
                self.log(error)
            self.leave(f"{self.shown} could not be loaded: {self.describe(error, 'the file')}")
        if not callable(self.main):
            self.leave(f"{self.shown} has no function {self.name}")
        self.check_pipes()
        self.installed = {name: getattr(sys, name, None) for name in self.installed}
        self.flush()

    def takes_two(self):
        """Tells whether main must be given a stream. What it may be given was its own before there were streams."""
        main = self.main
        while hasattr(main, "__wrapped__"):
            main = main.__wrapped__
        code = getattr(main, "__code__", None)
        return bool(code) and code.co_argcount - len(main.__defaults__ or ()) == 2

    def find_packages(self):
        if any(os.path.lexists(f"{self.folder}/{name}") for name in ("virtualenv", "requirements.txt")):
            self.beside("packages").find(self.folder, Refused, self.say)

    def find_streams(self):
        if self.stream is None:
            self.stream = self.beside("stream")
        return self.stream

    def beside(self, name):
        """Returns a module of the launcher's folder, and keeps it from the function, which may have one of that name."""
        file = f"{os.path.dirname(HERE)}/{name}.py"
        self.hidden += (file,)
        module = type(sys)(name)
        module.__builtins__ = __builtins__
        with open(file, "rb") as text:
            exec(compile(text.read(), file, "exec"), vars(module))
        return module

    def check_pipes(self):
        if [identity(fd) for fd in (self.requests, self.results)] != self.pipes:
            self.leave(f"{self.shown} closed descriptors that it had not opened")

    def greet(self):
        if self.native:
            self.send(b'{"openwhisk":2,"concurrency":%d,"request":true}\n' % self.runs)
        else:
            self.send(b'{"ok":true}\n')

    def serve(self, error):
        """Answers requests. What a signal's handler raises here is logged, and nothing is lost by it.

        It may raise after each call and at the begin of each function, so a step is one call or none."""
        while not self.over:
            try:
                if error:
                    self.log(error)
                    self.check_pipes()
                    error = None
                while not self.over:
                    self.answer()
            except (SystemExit, KeyboardInterrupt) as raised:
                if not self.taken:
                    self.flush()
                    raise
                error = raised
            except BaseException as raised:
                error = raised

    def answer(self):
        """Answers a request, or goes on with it."""
        if not self.taken:
            self.owed, self.sent = b"", []
            self.take()
        if self.taken[0] is None:
            self.flush()
            self.over = True
            return
        stream, id, request = self.taken[0]
        if not self.owed:
            self.owed = to_json({"error": "the run was interrupted"})
            self.owed = self.run(request, stream)
        if stream:
            stream.end(self.owed, self.sent)
        else:
            self.send(b"end %s %s" % (id, self.owed) if id else self.owed, self.sent)
        self.taken = []

    def take(self):
        while not self.taken:
            line, rest = self.first_line()
            one = self.request(line)
            self.taken, self.chunks = [one] if one or line is None else [], rest

    def request(self, line):
        """Returns the stream of a run (see stream.py), its id, and the request; None for a line that is no run."""
        if line is None:
            return None
        if not self.native:
            return None, b"", line
        word, id, *rest = line.split(b" ", 4)
        return (None, id, rest[2]) if word == b"run" else None

    def next_line(self):
        line, self.chunks = self.first_line()
        return line

    def first_line(self):
        """Returns a line, None at the end of the input, and what was read of those after it."""
        while not self.chunks or b"\n" not in self.chunks[-1]:
            before = len(self.chunks)
            # Read and append are one call.
            self.chunks.extend(map(READ, (self.requests,), (1 << 20,)))
            if not self.chunks[before]:
                return None, []
        line, _, rest = b"".join(self.chunks).partition(b"\n")
        return line, [rest] if rest else []

    def send(self, line, sent=None):
        """Writes a line, or what of it was not sent."""
        sent = [] if sent is None else sent
        while True:
            try:
                while (done := sum(sent)) < len(line):
                    sent.extend(map(WRITE, (self.results,), (line[done:],)))
                return
            except BaseException as error:
                if isinstance(error, BrokenPipeError) and error.errno:  # not a handler's
                    EXIT(1)
                try:
                    self.check_pipes()
                    self.log(error)
                except BaseException:  # of the next signal
                    pass

    def run(self, request, stream=None):
        """Returns the result as a line of JSON."""
        before = ()
        try:
            value, members = read(request)
            if not self.overlaps:
                before = set_variables([v for m in members.items() if (v := variable(*m))])
            result = self.main(*self.arguments(value, members, stream))
            if hasattr(type(result), "__await__"):
                result = self.wait(result, stream)
            self.end_fork(0)
            return self.encode(result)
        except BaseException as error:
            self.end_fork(1)
            return self.failed(error, stream)
        finally:
            set_variables(before)
            if not self.overlaps:
                self.flush()

    def arguments(self, value, members, stream):
        if stream:
            stream.activation = members
        return (value, stream) if self.streams else (value,)

    def failed(self, error, stream):
        if stream and stream.ended_by(error):
            return to_json({"error": "the run was cancelled"})
        if not isinstance(error, Refused):
            self.log(error)
        return to_json({"error": self.describe(error, self.name)})

    def end_fork(self, status):
        if GETPID() != PID:  # a fork that came back from the function
            self.flush()
            EXIT(status)

    def wait(self, awaitable, stream):
        """Runs a coroutine in the loop of all runs, so that connections and locks of one serve the next."""
        return stream.wait_for(awaitable) if stream else self.event_loop().run_until_complete(awaitable)

    def event_loop(self):
        import asyncio

        if self.loop is None or self.loop.is_closed():
            self.loop = asyncio.new_event_loop()
            self.hidden += (os.path.dirname(asyncio.__file__),)
        return self.loop

    def encode(self, result):
        if not isinstance(result, (dict, list, tuple)):
            got = "None" if result is None else f"an object of {type(result).__name__}"
            raise Refused(f"{self.name} returned {got}; it must return a dict or a list")
        try:
            return to_json(result)
        except RecursionError:
            reason = "it is nested too deeply"
        except (TypeError, ValueError, OverflowError) as error:
            reason = str(error)
        raise Refused(f"{self.name} returned what JSON cannot hold: {reason}")

    def flush(self):
        """Brings the log out before the answer, and streams back that a run replaced or closed."""
        for name, fd in ("stdout", 1), ("stderr", 2):
            works = True
            try:
                stream = getattr(sys, name)
                if stream is not None:
                    stream.flush()
            except BaseException:
                works = False
            if not works or stream is not self.installed[name]:
                self.installed[name] = fresh(fd)
                setattr(sys, name, self.installed[name])

    def log(self, error):
        """Writes an exception with the function's own traceback."""
        trace = error.__traceback__
        while trace and trace.tb_frame.f_code.co_filename.startswith(self.hidden):
            trace = trace.tb_next
        stream, sys.stderr = getattr(sys, "stderr", None), self.log_stream
        try:
            SHOW(type(error), BaseException.with_traceback(error, trace), trace)
            self.log_stream.flush()
        except BaseException:  # of the exception's own methods, or there is no stderr
            pass
        sys.stderr = stream

    def say(self, text):
        try:
            WRITE(2, f"{text}\n".encode("utf-8", "backslashreplace"))
        except OSError:  # closed by the function
            pass

    def leave(self, reason):
        """Ends the process before it was ready, or when it can no longer answer."""
        self.flush()
        self.say(reason)
        EXIT(1)

    def describe(self, error, who):
        if isinstance(error, SystemExit):
            code = error.code
            return f"{who} called sys.exit, status {code if isinstance(code, int) else int(code is not None)}"
        try:
            text = str(error)
        except BaseException:
            text = ""
        if isinstance(error, Refused):
            return text
        return f"{type(error).__name__}: {text}" if text else type(error).__name__


def is_async(main):
    return bool(getattr(getattr(main, "__code__", None), "co_flags", 0) & COROUTINE)


def move(fd, to):
    try:
        return os.dup2(fd, to, inheritable=False)
    except OSError:  # beyond the limit of descriptors
        return os.dup(fd)


def identity(fd):
    try:
        return STAT(fd)[1:3]
    except OSError as error:
        if not error.errno:  # a handler's TimeoutError, say
            raise
        return None


def fresh(fd, open=open):
    """Returns a new stream that never closes its descriptor, or None, to which print writes nothing."""
    try:
        return open(fd, "w", 1, "utf-8", "backslashreplace", closefd=False)
    except OSError:
        return None


def no_number(text):
    raise Refused("NaN and Infinity are not JSON")


class Options:
    strict, parse_float, parse_int, parse_constant = True, float, int, no_number
    object_hook = object_pairs_hook = None


scan = make_scanner(Options)


def read(line):
    """Returns the value of a request, and the other members.

    What Python says of a request may be text of it."""
    try:
        text = line.decode("utf-8").strip(" \t\r\n")
        request, end = scan(text, 0)
        if end == len(text) and isinstance(request, dict):
            value = request.pop("value", None)
            return {} if value is None else value, request
    except BaseException as error:
        if error.__traceback__.tb_next and not isinstance(error, Refused):  # raised by a handler, not by the scanner
            raise
    raise Refused("the request cannot be read: it is not a JSON object, or not one for Python")


def variable(key, member):
    """Returns the name and the text of a member, which ends at U+0000, or None where it cannot be one."""
    if "=" in key or "\0" in key:
        return None
    text = member if isinstance(member, str) else to_json(member)[:-1].decode()
    name, text = "__OW_" + key.upper(), text.partition("\0")[0]
    return name.encode("utf-8", "backslashreplace"), text.encode("utf-8", "backslashreplace")


def set_variables(members):
    """Returns what stood there before, None for nothing."""
    before = [(key, VARIABLES.get(key)) for key, _ in members]
    for key, text in members:
        if text is None:
            VARIABLES.pop(key, None)
            UNSETENV(key)
        else:
            VARIABLES[key] = text
            PUTENV(key, text)
    return before


def to_json(thing):
    encode = make_encoder({}, other, encode_basestring, None, ":", ",", False, False, False)
    # Half a surrogate pair stands in strings only, where its escape is JSON.
    return "".join(encode(thing, 0)).encode("utf-8", "backslashreplace") + b"\n"


def other(thing):
    """Says what JSON calls an object of another class, as functions may have taught json.JSONEncoder."""
    encoder = sys.modules.get("json.encoder")
    if encoder:
        return encoder.JSONEncoder.default(encoder.JSONEncoder(), thing)
    raise TypeError(f"Object of type {type(thing).__name__} is not JSON serializable")


if __name__ == "__main__":
    start(sys.argv[1], "".join(sys.argv[2:3]))

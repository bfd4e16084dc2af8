# The streams and logs of runs, for launcher.py. They are loaded for functions that take a stream, and where the
# platform lets runs overlap. Like the launcher, this imports modules in C alone.

import sys
from _contextvars import ContextVar
from _queue import SimpleQueue
from _thread import allocate_lock, start_new_thread
from binascii import b2a_base64

RUN = ContextVar("run", default=None)  # the stream of the run in whose thread or task this is


class Stream:
    """The second argument of main(args, stream). What is written to it goes out at once."""

    def __init__(self, id, lines):
        self.id, self.lines = id, lines  # without an id the proxy knows no streams
        self.activation = {}  # the members of the request but the value: activation_id, namespace, deadline, …
        self.cancelled = False  # nobody reads any more, or the deadline comes
        self.on_cancel = None
        self._open = allocate_lock()
        self._open.acquire()
        self._lock = allocate_lock()
        self._rest = {}  # of the log, the last line of each stream

    def head(self, status=None, headers=None):
        """Sets the status and the headers, before anything is written."""
        head = {"status": status, "headers": headers}
        self._send(b"head", self.lines.to_json({k: v for k, v in head.items() if v is not None})[:-1])

    def write(self, text):
        """Takes text or bytes. Raises BrokenPipeError when the run was cancelled."""
        data = text.encode("utf-8", "backslashreplace") if isinstance(text, str) else bytes(text)
        if b"\r" in data:  # the end of a line takes a CR with it
            self._send(b"out64", b2a_base64(data, newline=False))
        else:
            *lines, last = data.split(b"\n")
            for line in lines:
                self._send(b"out", line)
            if last:
                self._send(b"put", last)
        return len(text)

    def flush(self):
        """Is there for print."""

    def wait(self, seconds):
        """Sleeps, and returns True as soon as the run is cancelled."""
        if self._open.acquire(timeout=max(seconds, 0)):
            self._open.release()
        return self.cancelled

    def cancel(self):
        if not self.cancelled:
            self.cancelled = True
            self._open.release()
            if self.on_cancel:
                self.on_cancel()

    def log(self, name, text):
        with self._lock:
            *lines, self._rest[name] = (self._rest.get(name, "") + text).split("\n")
        for line in lines:
            self.lines.send(b"log", self.id, line.encode("utf-8", "backslashreplace"))

    def end_log(self):
        for name, rest in self._rest.items():
            if rest:
                self.log(name, "\n")

    def end(self, result, sent=None):
        if self.id is None:
            return self.lines.launcher.send(result, sent)
        self.lines.open.pop(self.id, None)
        self.end_log()
        self.lines.send(b"end", self.id, result[:-1], sent)

    def ended_by(self, error):
        asyncio = sys.modules.get("asyncio")
        reasons = (BrokenPipeError, asyncio.CancelledError) if asyncio else BrokenPipeError
        return self.cancelled and isinstance(error, reasons)

    def wait_for(self, awaitable):
        """Runs a coroutine, which a cancel cancels."""
        import asyncio

        launcher = self.lines.launcher
        if launcher.overlaps:  # this thread's own
            return asyncio.run(self._task(awaitable))
        return launcher.event_loop().run_until_complete(self._task(awaitable))

    async def _task(self, awaitable):
        import asyncio

        task, loop = asyncio.ensure_future(awaitable), asyncio.get_running_loop()
        self.on_cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        if self.cancelled:
            task.cancel()
        return await task

    def _send(self, word, text):
        if self.cancelled:
            raise BrokenPipeError("the run was cancelled")
        if self.id is None:
            self.lines.say(text.decode("utf-8", "replace"))
        else:
            self.lines.send(word, self.id, text)


class Lines:
    """Reads the proxy's lines in a thread, and writes lines, whole, from whatever thread."""

    def __init__(self, launcher, to_json):
        self.launcher, self.say, self.to_json = launcher, launcher.say, to_json
        self.open = {}  # streams by id
        self.lock = allocate_lock()

    def send(self, word, id, text, sent=None):
        with self.lock:
            self.launcher.send(b"%s %s %s\n" % (word, id, text), sent)

    def read(self, deliver):
        while (line := self.launcher.next_line()) is not None:
            word, id, *rest = line.split(b" ", 4)
            if word == b"run":
                stream = self.open[id] = Stream(id, self)
                deliver((stream, id, rest[2]))
            elif word == b"cancel" and (stream := self.open.get(id)):
                stream.cancel()
        deliver(None)


class Log:
    """Stands for sys.stdout or sys.stderr: what a run writes, or a task of it, goes out with its id."""

    def __init__(self, stream, name):
        self.stream, self.name = stream, name

    def write(self, text):
        run = RUN.get()
        if run is None or run.id is None:
            return self.stream.write(text)
        run.log(self.name, text)
        return len(text)

    def writelines(self, texts):
        for text in texts:
            self.write(text)

    def __getattr__(self, name):
        return getattr(self.stream, name)


def divide_log():
    for name in "stdout", "stderr":
        setattr(sys, name, Log(getattr(sys, name), name))


def attach(launcher, to_json, read):
    """Makes the launcher give streams to its function, and let its runs overlap where it may."""
    lines = Lines(launcher, to_json)
    if launcher.overlaps:
        main = getattr(launcher.main, "__code__", None)
        serve = in_tasks if main and main.co_flags & 0x80 else in_threads
        launcher.answer = serve(launcher, lines, read)
    elif launcher.native:
        launcher.take = one_by_one(launcher, lines)
    else:
        launcher.request = lambda line: None if line is None else (Stream(None, lines), b"", line)


def one_by_one(launcher, lines):
    """Returns a function that waits for the next run."""
    queue, begun = SimpleQueue(), []

    def take():
        once(begun, start_new_thread, lines.read, (queue.put,))
        once(launcher.taken, queue.get, True)

    return take


def once(results, call, *arguments):
    """Makes a call whose result is kept, so that it is not made again when a handler's exception follows it."""
    if not results:
        results.extend(map(call, *((argument,) for argument in arguments)))


def in_threads(launcher, lines, _):
    """Returns a function that serves runs that overlap, a thread for each."""
    open, lock, queue, begun, ended = [1], allocate_lock(), SimpleQueue(), [], []  # open: runs, and the input

    def serve(stream, request):
        RUN.set(stream)
        stream.end(launcher.run(request, stream))
        end_one()

    def end_one():
        with lock:
            open[0] -= 1
            if not open[0]:
                queue.put(True)

    def begin(one):
        if one is None:
            return end_one()
        with lock:
            open[0] += 1
        start_new_thread(serve, (one[0], one[2]))

    def answer():
        once(begun, start_new_thread, lines.read, (begin,))
        once(ended, queue.get, True)
        launcher.flush()
        launcher.over = True

    return answer


def in_tasks(launcher, lines, read):
    """Returns a function that serves runs of an async function that overlap, a task for each."""
    from asyncio import current_task

    loop, tasks, begun = launcher.event_loop(), set(), []
    ended = loop.create_future()

    def begin(one):
        if one is None:
            ended.set_result(None)
            return
        task = loop.create_task(serve(one[0], one[2]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def serve(stream, request):
        RUN.set(stream)
        task = current_task()
        stream.on_cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        stream.end(await run(request, stream))

    async def run(request, stream):
        try:
            if stream.cancelled:
                raise BrokenPipeError
            value, members = read(request)
            result = await launcher.main(*launcher.arguments(value, members, stream))
            launcher.end_fork(0)
            return launcher.encode(result)
        except BaseException as error:
            launcher.end_fork(1)
            return launcher.failed(error, stream)

    async def serve_all():
        await ended
        while tasks:
            await next(iter(tasks))

    def answer():
        once(begun, start_new_thread, lines.read, (lambda one: loop.call_soon_threadsafe(begin, one),))
        loop.run_until_complete(serve_all())
        launcher.flush()
        launcher.over = True

    return answer

"""The warm worker behind task type `python`: a process that has imported what
functions need, and forks for every task.

The parent never runs a line of a task's code. It reads the executor's messages,
hands those of the running task to its child, and tells the executor when a child
ended without a word. The child runs the function, speaks to the executor itself
and ends, so whatever the function did to its process is gone with it.

The next child is forked while one works, or when it has ended soon: a process that
has just been forked is slow at first, because what it touches has to be copied. Not
before, or a short task would share its processors with that.
"""

import collections
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import sys

from ._child import WARM_UP, run_child
from ._wire import PROTOCOL, take_standard_streams

PR_SET_CHILD_SUBREAPER = 36
SUPERVISION_INTERVAL_MS = 50
# How many of those pass between two looks at what several processes use together.
MEMORY_INTERVALS = 10
# How often a child is given a task that it does not begin.
BEGINNINGS = 3


def main(preload):
    reader, writer = take_standard_streams()
    # Orphans of a child become ours, so that none gets away.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for name in preload:
        try:
            importlib.import_module(name)
        except ImportError as error:
            # Whoever needs it gets the error where it is imported.
            print(f"{name} is not there: {error}", file=sys.stderr)
    # Else collections in children would copy what they share with us.
    gc.collect()
    gc.freeze()
    Parent(reader.fileno(), writer.fileno()).run()


class Parent:
    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self._bytes = b""
        self._messages = collections.deque()
        self._ended = False
        self._spare = None

    def run(self):
        while True:
            line = self._next_line()
            if line is None:
                return
            message = json.loads(line)
            if message["type"] == "hello":
                self._send({"type": "ready", "protocol": PROTOCOL})
                self._fork_ahead()
            elif message["type"] == "task":
                self._execute(message)
            # Else it is for a child that has ended meanwhile.

    def _next_line(self):
        while not self._messages and not self._ended:
            self._read()
        return self._messages.popleft() if self._messages else None

    def _read(self):
        block = os.read(self._reader, 1 << 20)
        self._ended = not block
        *lines, self._bytes = (self._bytes + block).split(b"\n")
        self._messages.extend(lines)

    def _send(self, message):
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self._writer, data):]

    def _execute(self, message):
        for _ in range(BEGINNINGS):
            child = self._spare or Child(self._writer)
            self._spare = None
            child.say(json.dumps(message).encode())
            why = self._supervise(child, message["args"])
            child.hear_no_more()
            status = self._sweep(child.pid)
            begun, spoke = child.last_words()
            if begun:
                break
            # Something has killed it before the task began.
        if not spoke:
            self._send({"id": message["id"], **(why or obituary(status))})
        self._fork_ahead()

    def _fork_ahead(self, working=None):
        if self._spare is not None:
            return
        try:
            self._spare = Child(self._writer, working)
            rehearse()
        except OSError:
            pass  # No more processes, now: the next task tries again.

    def _family(self, enough):
        """The processes of the task; little more than `enough` of them."""
        spare = self._spare and self._spare.pid
        return [pid for pid in descendants(enough + 1) if pid != spare]

    def _supervise(self, child, request):
        """Until the child has ended or must; why it must, if that is its fault."""
        most = request["max_processes"]
        looks = 0
        ended = os.pidfd_open(child.pid)
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(self._reader, select.POLLIN)
        try:
            while True:
                ready = dict(poll.poll(SUPERVISION_INTERVAL_MS))
                if ended in ready:
                    return None
                if not ready:
                    self._fork_ahead(child)
                family = self._family(most)
                if len(family) > most:
                    return TOO_MANY
                # One alone is limited by the system.
                looks += 1
                if len(family) > 1 and looks % MEMORY_INTERVALS == 0:
                    if memory_of(family) > request["memory"]:
                        return TOO_MUCH
                if self._reader in ready:
                    self._read()
                    self._forward(child)
                if self._ended:  # The executor is gone.
                    return None
        finally:
            os.close(ended)

    def _forward(self, child):
        while self._messages:
            if json.loads(self._messages[0])["type"] in ("hello", "task"):
                return  # Before the next one: this child has all but ended.
            child.say(self._messages.popleft())

    def _sweep(self, pid):
        """Kills what is left of the child; its wait status."""
        status = None
        while True:
            try:
                # All of the group at once: one by one they could fork faster.
                os.killpg(pid, signal.SIGKILL)
            except OSError:
                pass
            spare = self._spare and self._spare.pid
            left = [child for child in children(os.getpid()) if child != spare]
            for child in left:
                if child != pid:
                    kill(child)
            if not left:
                return status
            ended, its_status = os.wait()
            if ended == pid:
                status = its_status
            elif ended == spare:  # By the function.
                self._spare.close()
                self._spare = None


class Child:
    """A process for one task, which it is given later."""

    def __init__(self, writer, other=None):
        """`other` is one that works: its pipes are not this one's."""
        to_child, done = os.pipe(), os.pipe()
        try:
            self.pid = os.fork()
        except OSError:
            for pipe in (*to_child, *done):
                os.close(pipe)
            raise
        if self.pid == 0:
            if other is not None:
                other.close()
            os.close(to_child[1])
            os.close(done[0])
            run_child(to_child[0], writer, done[1])
        os.close(to_child[0])
        os.close(done[1])
        self._to_child = to_child[1]
        self._done = done[0]
        try:
            os.setpgid(self.pid, self.pid)
        except OSError:
            pass  # It did so itself, or has ended.

    def say(self, line):
        """Its task first. One that has ended hears nothing."""
        line += b"\n"
        try:
            while line:
                line = line[os.write(self._to_child, line):]
        except BrokenPipeError:
            pass

    def hear_no_more(self):
        os.close(self._to_child)
        self._to_child = None

    def last_words(self):
        """Whether it has begun, and told the executor the end."""
        words = os.read(self._done, 2)
        os.close(self._done)
        self._done = None
        return words != b"", words == b"01"

    def close(self):
        for pipe in (self._to_child, self._done):
            if pipe is not None:
                os.close(pipe)


def rehearse():
    """Hears of a task and passes it on, for nobody: what that touches has been shared
    since the fork and would be copied when there is a task."""
    with open(os.devnull, "wb") as nobody:
        reader, writer = os.pipe()
        try:
            os.write(writer, json.dumps(WARM_UP).encode() + b"\n")
            message = json.loads(Parent(reader, nobody.fileno())._next_line())
            nobody.write(json.dumps(message).encode())
        finally:
            os.close(reader)
            os.close(writer)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def descendants(enough):
    """The processes below this one; little more than `enough` of them."""
    found, waiting = [], [os.getpid()]
    while waiting and len(found) <= enough:
        below = children(waiting.pop())
        found += below
        waiting += below
    return found


def memory_of(pids):
    """What the processes use together, in bytes: shared pages count once, and
    those that are this one's not at all."""
    used = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                for line in file:
                    # Of anonymous pages each process has its share.
                    if line.startswith("Pss_Anon:"):
                        used += int(line.split()[1]) * 1024
        except OSError:
            pass  # It has ended.
    return used


TOO_MANY = {"type": "error", "error_type": "TooManyProcesses", "retryable": False,
            "message": "the function started more processes than max_processes allows"}
TOO_MUCH = {"type": "error", "error_type": "MemoryError",
            "message": "the function's processes used more than memory together"}


def obituary(status):
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        hint = "; the system may have been out of memory" if number == signal.SIGKILL else ""
        return {"type": "error", "error_type": "WorkerKilled", "details": {"signal": number},
                "message": f"the function's process was killed by signal {number} "
                           f"({signal.strsignal(number)}){hint}"}
    code = os.WEXITSTATUS(status)
    return {"type": "error", "error_type": "WorkerExited", "details": {"exit_code": code},
            "message": f"the function's process ended with exit code {code} "
                       "before the function had returned"}


if __name__ == "__main__":
    main(sys.argv[1:])

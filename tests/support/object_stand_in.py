"""What the stand-ins of object servers share: HTTP, files, faults on request.

A stand-in prints one line of JSON with its address on standard output and lives
as long as its standard input, so it never outlives who started it.

Faults are asked for by `POST /_faults` with a list; each is used `times` (1)
times, by the first requests it fits, after letting `skip` (0) of those pass; an
empty list takes all back:

  {"method": "PATCH", "path": "regex"}   which requests; both may be missing
  {"do": "answer", "status": 544, "body": "...", "headers": {}}
  {"do": "reset", "after": 100000}       of the upload's bytes, then TCP RST
  {"do": "reset_answer"}                 carries out the request, then TCP RST
  {"do": "cut", "after": 100000}         of the download's bytes, then TCP RST
  {"do": "flip", "at": 1000}             inverts a bit of that byte downloaded
  {"do": "stall"}                        says nothing, until the client leaves
  {"do": "refuse", "status": 400, "body": ""}   answers at once and never reads
                                         the upload; the connection stays open

`GET /_requests` gives ["METHOD path", ...] of all requests so far.
"""

import hashlib
import http.server
import json
import os
import re
import select
import shutil
import socket
import struct
import sys
import tempfile
import threading
import urllib.parse

BLOCK = 256 * 1024


class Joined:
    """Files that are read as one."""

    def __init__(self, paths):
        self._files = [open(path, "rb") for path in paths]
        self._at = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for file in self._files:
            file.close()

    def seek(self, offset):
        self._at = 0
        for file in self._files:
            size = os.fstat(file.fileno()).st_size
            if offset < size:
                file.seek(offset)
                return
            self._at += 1
            offset -= size

    def read(self, size):
        while self._at < len(self._files):
            if block := self._files[self._at].read(size):
                return block
            self._at += 1
            if self._at < len(self._files):
                self._files[self._at].seek(0)
        return b""


class Faults:
    def __init__(self):
        self._lock = threading.Lock()
        self._faults = []
        self.requests = []

    def add(self, faults):
        with self._lock:
            self._faults = self._faults + faults if faults else []

    def take(self, method, path):
        with self._lock:
            self.requests.append(f"{method} {path}")
            for fault in self._faults:
                fits = (fault.get("method", method) == method
                        and re.search(fault.get("path", ""), path))
                if not fits:
                    continue
                if fault.get("skip", 0) > 0:
                    fault["skip"] -= 1
                    continue
                fault["times"] = fault.get("times", 1) - 1
                if fault["times"] <= 0:
                    self._faults.remove(fault)
                return fault
        return {}


class Folder:
    """Bytes under names nobody else has."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="windlass_stand_in_")
        self._next = 0
        self._lock = threading.Lock()

    def new(self):
        with self._lock:
            self._next += 1
            return os.path.join(self.path, str(self._next))


class Gone(Exception):
    """The client, or our connection to it, is gone."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (Gone, ConnectionError):
            self.close_connection = True

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def handle_expect_100(self):
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def _serve(self):
        self.url = urllib.parse.urlsplit(self.path)
        self.left = int(self.headers.get("content-length", 0))
        self.chunked = "chunked" in self.headers.get("transfer-encoding", "")
        self.fault = {}
        if self.url.path == "/_faults":
            self.server.faults.add(json.loads(self.rfile.read(self.left)))
            return self.answer(200)
        if self.url.path == "/_requests":
            return self.answer_json(200, self.server.faults.requests)
        self.fault = self.server.faults.take(self.command, self.url.path)
        what = self.fault.get("do")
        if what == "answer":
            self.drain()
            return self.answer(self.fault["status"],
                               self.fault.get("body", "").encode(),
                               self.fault.get("headers", {}))
        if what == "stall":
            return self.wait_for_the_client_to_leave()
        if what == "refuse":
            self.answer(self.fault["status"], self.fault["body"].encode())
            return self.wait_for_the_client_to_leave()
        self.serve()
        if self.left > 0:
            self.drain()

    # --- what subclasses use

    def serve(self):
        raise NotImplementedError

    def drain(self):
        for _ in self.blocks():
            pass

    def blocks(self):
        """The body as it comes; Gone when it is cut off."""
        if self.chunked:
            yield from self._chunks()
        reset_after = self.fault.get("after") if self.fault.get("do") == "reset" else None
        done = 0
        while self.left > 0:
            block = self.rfile.read(min(BLOCK, self.left))
            if not block:
                raise Gone
            self.left -= len(block)
            if reset_after is not None and done + len(block) >= reset_after:
                yield block[:reset_after - done]
                self.reset()
            done += len(block)
            yield block

    def _chunks(self):
        while size := int(self.rfile.readline() or b"0", 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        self.chunked = False

    def body(self):
        return b"".join(self.blocks())

    def store_body(self, path):
        """Returns size and MD5; leaves nothing when it is cut off."""
        digest, size = hashlib.md5(), 0
        try:
            with open(path, "wb") as out:
                for block in self.blocks():
                    out.write(block)
                    digest.update(block)
                    size += len(block)
        except Gone:
            os.unlink(path)
            raise
        return size, digest.hexdigest()

    def answer(self, status, body=b"", headers=None, reason=None):
        if self.fault.get("do") == "reset_answer":
            self.reset()
        self.send_response(status, reason)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "Content-Length" not in (headers or {}) and status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def answer_json(self, status, value, headers=None):
        self.answer(status, json.dumps(value).encode(),
                    {"Content-Type": "application/json; charset=utf-8", **(headers or {})})

    def answer_file(self, path, begin, end, headers, status):
        """Bytes [begin, end) of the file."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(end - begin))
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = self.fault.get("after") if self.fault.get("do") == "cut" else None
        flip = self.fault.get("at") if self.fault.get("do") == "flip" else None
        with Joined(path) if isinstance(path, list) else open(path, "rb") as file:
            file.seek(begin)
            at = begin
            while at < end:
                block = file.read(min(BLOCK, end - at))
                if flip is not None and at <= flip < at + len(block):
                    block = bytearray(block)
                    block[flip - at] ^= 1
                if cut is not None and at - begin + len(block) > cut:
                    self.wfile.write(block[:max(0, cut - (at - begin))])
                    self.reset()
                self.wfile.write(block)
                at += len(block)
        self.wfile.flush()

    def range_of(self, size):
        """(begin, end, is_part) of a Range header, or None: not satisfiable."""
        text = self.headers.get("range")
        if text is None:
            return 0, size, False
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", text)
        if not match or match.groups() == ("", ""):
            return None
        first, last = match.groups()
        begin = int(first) if first else max(0, size - int(last))
        end = min(size, int(last) + 1) if first and last else size
        return (begin, end, True) if begin < end else None

    def reset(self):
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        self.connection.close()
        raise Gone

    def wait_for_the_client_to_leave(self):
        poll = select.poll()
        poll.register(self.connection, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        poll.poll()
        raise Gone


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.faults = Faults()
        self.folder = Folder()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        if not isinstance(sys.exc_info()[1], (Gone, ConnectionError)):
            super().handle_error(*_)


def main(server, told):
    """Serves until standard input ends."""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"url": server.url, **told}), flush=True)
    try:
        sys.stdin.buffer.read()
    finally:
        shutil.rmtree(server.folder.path, ignore_errors=True)

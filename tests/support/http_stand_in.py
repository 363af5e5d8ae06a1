"""A server of a test's own that does what services do, and what they should not.

It prints one line of JSON with its address on standard output and lives as long
as its standard input. Options (KEY=VALUE): certificate=FILE, a PEM with key, for
TLS; clients=FILE, authorities of the client certificates it asks for.

  /echo               the request as JSON: method, path, query, headers, body
  /length             the body's length and SHA-256
  /status/503         that status; ?retry_after=1 adds the header
  /times/2/503/KEY    that status for the first two requests with KEY, then /echo
  /bytes/1000         so many bytes of application/octet-stream
  /text               "grün", in the charset /text/iso-8859-1
  /delay/0.5          /echo after so many seconds
  /redirect/3         through so many redirects to /echo; ?status=307, ?to=URL
  /loop               redirects to itself
  /gzip               /echo, compressed
  /token              an OAuth 2.0 token, t1, t2, ... ; ?expires_in=N
  /protected          /echo for the newest token, 401 for others
  /revoke             makes the tokens so far worthless
  /pages/7            the rows {"n": 0} to {"n": 6}, `size` (3) a page, with all that
                      leads to the next: ?page=N, ?offset=N, ?cursor=N; ?wide=N
                      makes each that much longer
  /job/2/KEY          {"state": "running"} twice, then {"state": "done"} or ?state
  /graphql            an answer of status 200 with an error of ?code
  /stall              says nothing
  /drip               a byte of the body every 50 ms, without end
  /reset              closes the connection with RST before it answers
  /half               half of the body it announced, then closes
  /wrong_length       more than it announced
  /garbage            bytes that are not HTTP
  /headers/1000000    a head of about so many bytes
  /unzip              a body that is not the gzip it says it is
  /closing            answers and closes without saying so

`GET /_requests` gives ["METHOD path", ...] of all requests so far, `GET
/_connections` how many connections there were.
"""

import base64
import gzip
import hashlib
import http.server
import json
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, options):
        self.lock = threading.Lock()
        self.requests = []
        self.connections = 0
        self.seen = {}
        self.tokens = 0
        self.valid_from = 1
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if "certificate" in options:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options["certificate"])
            if "clients" in options:
                context.load_verify_locations(options["clients"])
                context.verify_mode = ssl.CERT_REQUIRED
            self.socket = context.wrap_socket(self.socket, server_side=True,
                                              do_handshake_on_connect=False)
            self.scheme = "https"

    def process_request(self, request, client_address):
        with self.lock:
            self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, *_):
        pass  # Clients that leave are what tests are about.


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self):
        self.url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(self.url.query, keep_blank_values=True))
        with self.server.lock:
            if not self.url.path.startswith("/_"):
                self.server.requests.append(f"{self.command} {self.path}")
        self.content = self.read_content()
        first, *rest = self.url.path.strip("/").split("/")
        handle = getattr(self, f"serve_{first.lstrip('_')}", None)
        if handle is None:
            return self.answer(404, {"no": self.url.path})
        return handle(*rest)

    def read_content(self):
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        content = b""
        while size := int(self.rfile.readline() or b"0", 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def answer(self, status, body, headers=None, media_type="application/json"):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        headers = {"Content-Type": media_type, **(headers or {})}
        if status not in (204, 304):
            headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)

    def raw(self, data):
        self.wfile.write(data)
        self.wfile.flush()
        self.close_connection = True

    # --- what works

    def echo(self):
        return {"method": self.command, "path": self.url.path, "query": self.query,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": self.content.decode("latin-1"),
                "body_base64": base64.b64encode(self.content).decode()}

    def serve_echo(self, *_):
        self.answer(200, self.echo())

    def serve_length(self):
        self.answer(200, {"length": len(self.content),
                          "sha256": hashlib.sha256(self.content).hexdigest()})

    def serve_status(self, status):
        headers = {}
        if "retry_after" in self.query:
            headers["Retry-After"] = self.query["retry_after"]
        self.answer(int(status), {"status": int(status)}, headers)

    def serve_times(self, count, status, key):
        with self.server.lock:
            self.server.seen[key] = seen = self.server.seen.get(key, 0) + 1
        if seen <= int(count):
            return self.serve_status(status)
        return self.serve_echo()

    def serve_bytes(self, count):
        left = int(count)
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(left))
        self.end_headers()
        block = bytes(i % 251 for i in range(251 * 256))
        while left > 0:
            self.wfile.write(block[:left])
            left -= min(left, len(block))

    def serve_text(self, charset="utf-8"):
        self.answer(200, "grün".encode(charset), media_type=f"text/plain; charset={charset}")

    def serve_delay(self, seconds):
        time.sleep(float(seconds))
        self.serve_echo()

    def serve_redirect(self, left):
        left = int(left)
        to = self.query.get("to", "/echo") if left <= 1 else f"/redirect/{left - 1}?{self.url.query}"
        self.answer(int(self.query.get("status", 302)), {}, {"Location": to})

    def serve_loop(self):
        self.answer(302, {}, {"Location": "/loop"})

    def serve_gzip(self):
        self.answer(200, gzip.compress(json.dumps(self.echo()).encode()),
                    {"Content-Encoding": "gzip"})

    def serve_token(self):
        with self.server.lock:
            self.server.tokens += 1
            token = f"t{self.server.tokens}"
        self.answer(200, {"access_token": token, "token_type": "Bearer",
                          "expires_in": int(self.query.get("expires_in", 3600)),
                          "asked_by": self.headers.get("authorization", "")})

    def serve_protected(self):
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        with self.server.lock:
            valid = kind == "Bearer" and token[1:].isdigit() \
                and int(token[1:]) >= self.server.valid_from
        if valid:
            return self.serve_echo()
        return self.answer(401, {"error": "invalid_token"}, {"WWW-Authenticate": "Bearer"})

    def serve_revoke(self):
        with self.server.lock:
            self.server.valid_from = self.server.tokens + 1
        self.answer(200, {})

    def serve_pages(self, total):
        query = self.query
        size = int(query.get("size", query.get("limit", 3)))
        if "page" in query:
            first = (int(query["page"]) - 1) * size
        else:
            first = int(query.get("offset", query.get("cursor", 0)))
        total = int(total)
        rows = [{"n": n, **({"x": "." * int(query["wide"])} if "wide" in query else {})}
                for n in range(first, min(first + size, total))]
        body, headers = {"items": rows}, {}
        if first + size < total:
            rest = {name: value for name, value in query.items() if name not in ("page", "offset")}
            following = urllib.parse.urlencode({**rest, "cursor": first + size})
            body.update(next=str(first + size), next_url=f"?{following}")
            headers["Link"] = f'</>; rel="first", <{self.url.path}?{following}>; rel="next"'
        self.answer(200, body, headers)

    def serve_job(self, count, key):
        with self.server.lock:
            self.server.seen[key] = seen = self.server.seen.get(key, 0) + 1
        state = "running" if seen <= int(count) else self.query.get("state", "done")
        self.answer(200, {"state": state})

    def serve_graphql(self):
        self.answer(200, {"data": None, "errors": [
            {"message": "no such field", "extensions": {"code": self.query.get("code")}}]})

    def serve_requests(self):
        with self.server.lock:
            requests = list(self.server.requests)
        self.answer(200, requests)

    def serve_connections(self):
        self.answer(200, self.server.connections)

    # --- what does not

    def serve_stall(self):
        while self.connection.recv(1 << 16):
            pass
        self.close_connection = True

    def serve_drip(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        while True:
            self.wfile.write(b".")
            time.sleep(0.05)

    def serve_reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def serve_half(self):
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"." * 500)

    def serve_wrong_length(self):
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n0123456789")

    def serve_garbage(self):
        self.raw(bytes(range(256)) * 4)

    def serve_headers(self, size):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for i in range(int(size) // 1000):
            self.wfile.write(b"X-%06d: %s\r\n" % (i, b"." * 988))
        self.raw(b"Content-Length: 2\r\n\r\n{}")

    def serve_unzip(self):
        self.answer(200, b"not gzip at all", {"Content-Encoding": "gzip"})

    def serve_closing(self):
        self.answer(200, self.echo())
        self.close_connection = True


def main():
    server = Server(dict(argument.split("=", 1) for argument in sys.argv[1:]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host, port = server.server_address
    print(json.dumps({"url": f"{server.scheme}://{host}:{port}"}), flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()

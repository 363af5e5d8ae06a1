"""Outside systems: how they sign what they send, and one that is sent something."""

import base64
import hashlib
import hmac
import http.server
import threading


def sign(secret, message, timestamp, body):
    """The header webhook-signature."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what is posted to it and answered well: headers and bodies."""

    daemon_threads = True

    def __init__(self, status):
        super().__init__(("127.0.0.1", 0), Posted)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.status = status
        self.refused = 0
        self.messages = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    def close(self):
        self.may_answer.set()
        self.shutdown()
        self.thread.join()
        self.server_close()


class Posted(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status < 300:
            self.server.messages.append((self.headers, body))
        else:
            self.server.refused += 1
        self.server.may_answer.wait()
        try:
            self.send_response(self.server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
        except ConnectionError:
            pass  # Who sent it is dead.

    def log_message(self, *_):
        pass

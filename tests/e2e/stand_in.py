"""A server that stands in for object storage, for tests over the binary."""

import json
import subprocess
import sys
import urllib.request

from support import ROOT


class StandIn:
    """tests/support/NAME_stand_in.py, on a free port, until close()."""

    def __init__(self, name, *options):
        self._process = subprocess.Popen(
            [sys.executable, "-B", str(ROOT / f"tests/support/{name}_stand_in.py"), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.told = json.loads(self._process.stdout.readline())
        self.url = self.told["url"]

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def ask(self, *faults):
        self._send("POST", "/_faults", json.dumps(faults).encode())

    def requests(self):
        return json.loads(self._send("GET", "/_requests"))

    def list(self, bucket, prefix=""):
        """The keys in a bucket of Supabase Storage."""
        page = self._send("POST", f"/object/list-v2/{bucket}",
                          json.dumps({"prefix": prefix}).encode())
        return [one["name"] for one in json.loads(page)["objects"]]

    def put(self, bucket, key, content):
        self._send("POST", f"/object/{bucket}/{key}", content)

    def _send(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, data=body, method=method)
        request.add_header("Content-Type", "application/json")
        request.add_header("Authorization", f"Bearer {self.told.get('service_key', '')}")
        with urllib.request.urlopen(request) as answer:
            return answer.read()

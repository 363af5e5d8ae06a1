#!/usr/bin/python3
"""Measures http tasks against a plain load generator on the same server.

    bench/calls.py [--calls 20000]

A private nginx (Debian's nginx-light) on loopback answers with a small JSON
document; it shares the machine with what is measured. Windlass is the binary at
build/release/windlass or $WINDLASS_BINARY: a map of so many calls by an executor
of profile api on a fresh SQLite file, every answer recorded as a result. wrk
(Debian's, one thread) does nothing with what comes. ../README.md says how to read
the result.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import resource
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("WINDLASS_BINARY", str(ROOT / "build/release/windlass"))
CONNECTIONS = (1, 100, 5000)
SECONDS = 5

NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
worker_rlimit_nofile 20000;
events {{ worker_connections 12000; }}
http {{
  access_log off; keepalive_requests 1000000;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    location / {{ default_type application/json; return 200 '{{"ok": true, "n": 12345}}'; }}
  }}
}}
"""


class Nginx:
    def __init__(self, folder):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=self.port))
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", folder, "-e", folder / "error.log", "-c", config])
        self.url = f"http://127.0.0.1:{self.port}/"
        while socket.socket().connect_ex(("127.0.0.1", self.port)) != 0:
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def milliseconds(text):
    value, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def wrk(url, connections):
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", url],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done).group(1))
    return rate, milliseconds(re.search(r"99%\s+(\S+)", done).group(1))


def windlass(url, connections, calls):
    """Calls per second, p99 of a call, CPU per call, peak memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        flow = {"windlass": 1, "name": "calls", "params": {"items": {"type": "array"}},
                "tasks": {"call": {"type": "http", "params": {"url": url},
                                   "map": {"items": "${{ params.items }}", "as": "i"}}}}
        (folder / "flow.json").write_text(json.dumps(flow))
        (folder / "params.json").write_text(json.dumps({"items": list(range(calls))}))

        def command(*arguments, **kwargs):
            return subprocess.run([BINARY, *arguments], cwd=folder, check=True, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kwargs).stdout
        run = json.loads(command("submit", "flow.json", "--params", "params.json",
                                 "--output", "json"))["run_id"]
        with subprocess.Popen([BINARY, "executor", "--profile", "api", "--in-flight",
                               str(connections), "--exit-when-idle", "--health-listen", "none",
                               "--log-level", "error"], cwd=folder) as executor:
            _, status, usage = os.wait4(executor.pid, 0)
            executor.returncode = os.waitstatus_to_exitcode(status)
        tasks = [task for task in json.loads(command("show", run, "--output", "json"))["tasks"]
                 if task["index"] is not None]
        assert len(tasks) == calls and all(task["state"] == "succeeded" for task in tasks)
        took = sorted(task["result"]["metadata"]["timings_ms"]["total"] for task in tasks)
        seconds = (moment(max(task["finished_at"] for task in tasks))
                   - moment(min(task["started_at"] for task in tasks)))
        cpu = (usage.ru_utime + usage.ru_stime) / calls * 1e6
        return calls / seconds, took[len(took) * 99 // 100], cpu, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--calls", type=int, default=20_000)
    chosen = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (20_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    print("in flight   calls/s (wrk, ours)      p99 ms (wrk, ours)   CPU us per call   peak MiB")
    with tempfile.TemporaryDirectory() as folder, Nginx(pathlib.Path(folder)) as nginx:
        for connections in CONNECTIONS:
            plain, plain_p99 = wrk(nginx.url, connections)
            calls = chosen.calls if connections > 1 else chosen.calls // 10
            rate, p99, cpu, memory = windlass(nginx.url, connections, calls)
            print(f"{connections:9,}{plain:12,.0f}{rate:11,.0f} {rate / plain:5.0%}"
                  f"{plain_p99:13.1f}{p99:9.1f}{cpu:18.0f}{memory:11.0f}", flush=True)


if __name__ == "__main__":
    main()

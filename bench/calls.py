#!/usr/bin/python3
"""Measures http tasks against plain load generators on the same server.

    bench/calls.py [--calls 20000] [--seconds 30] [--only speed|rates]

A private nginx (Debian's nginx-light) on loopback answers with a small JSON
document; it shares the machine with what is measured. Windlass is the binary at
build/release/windlass or $WINDLASS_BINARY: a map of so many calls by an executor
of profile api on a fresh SQLite file, every answer recorded as a result. wrk
(Debian's, one thread) and curl_loop.c (libcurl's multi interface, as its examples
use it) do nothing with what comes. Then a rate_limit shared by eight executors, one
of which is killed, as the server sees it. README.md says how to read the result.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("WINDLASS_BINARY", str(ROOT / "build/release/windlass"))
CONNECTIONS = (1, 100, 5000)
SECONDS = 5
RATES = (10, 100, 1000)
BUCKETS = [(100, 1), (1000, 50)]
EXECUTORS = 8

NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
worker_rlimit_nofile 20000;
events {{ worker_connections 12000; }}
http {{
  log_format moments '$msec';
  access_log off; keepalive_requests 1000000;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    location / {{ default_type application/json; return 200 '{{"ok": true, "n": 12345}}'; }}
    location /counted/ {{ access_log {folder}/moments moments; return 200 ''; }}
  }}
}}
"""


class Nginx:
    def __init__(self, folder):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        self.folder = folder
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

    def moments(self):
        """When each counted request came, so far, in seconds."""
        path = self.folder / "moments"
        return [float(line) for line in path.read_text().split()] if path.exists() else []


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


def build_curl_loop(folder):
    """None where there is no C compiler."""
    if shutil.which("cc") is None:
        return None
    program = folder / "curl_loop"
    subprocess.run(["cc", "-O2", "-o", program, ROOT / "bench/curl_loop.c", "-lcurl"], check=True)
    return program


def curl_loop(program, url, connections, calls):
    """The same of a plain loop."""
    done = subprocess.run([program, url, str(connections), str(calls)], stdout=subprocess.PIPE,
                          text=True, check=True).stdout
    return tuple(map(float, done.split()))


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


def most_in_a_second(moments):
    """Of any second, wherever it begins."""
    moments = sorted(moments)
    most = first = 0
    for last, moment_of_last in enumerate(moments):
        while moment_of_last - moments[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def rate(nginx, limit, burst, seconds):
    """The share of the rate that was made use of, the most calls in any second, and the
    share of calls that began more than once because an executor was killed."""
    calls = limit * seconds
    # Long after it should have ended: what hangs is to be seen.
    give_up = time.monotonic() + 20 * seconds + 60
    before = len(nginx.moments())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        flow = {"windlass": 1, "name": "rate", "params": {"items": {"type": "array"}},
                "tasks": {"call": {"type": "http", "params": {"url": f"{nginx.url}counted/"},
                                   "rate_limit": {"key": "k", "limit": limit, "period": "1s",
                                                  **({"burst": burst} if burst else {})},
                                   "map": {"items": "${{ params.items }}", "as": "i"}}}}
        (folder / "flow.json").write_text(json.dumps(flow))
        (folder / "params.json").write_text(json.dumps({"items": list(range(calls))}))

        def command(*arguments):
            return subprocess.run([BINARY, *arguments, "--output", "json"], cwd=folder, check=True,
                                  text=True, stdout=subprocess.PIPE).stdout
        run = json.loads(command("submit", "flow.json", "--params", "params.json"))["run_id"]
        executors = [subprocess.Popen(
            [BINARY, "executor", "--profile", "api", "--in-flight", "500",
             "--sweep-interval", "500ms", "--exit-when-idle", "--health-listen", "none",
             "--log-level", "error"], cwd=folder) for _ in range(EXECUTORS)]
        try:
            while len(nginx.moments()) - before < calls // 3:
                assert all(executor.poll() is None for executor in executors)
                assert time.monotonic() < give_up, f"{len(nginx.moments()) - before} calls came"
                time.sleep(0.05)
            executors[0].kill()
            for executor in executors:
                executor.wait(max(0.1, give_up - time.monotonic()))
        finally:
            for executor in executors:
                executor.kill()
                executor.wait()
        state = json.loads(command("show", run))["state"]
        assert state == "succeeded", state
    moments = sorted(nginx.moments()[before:])
    # Periods from the first call to the last, if none had come later than it may: the
    # calls of a period may come all at its beginning. Those of a bucket come one by one.
    least = (len(moments) - burst) / limit if burst else (len(moments) - 1) // limit
    used = least / (moments[-1] - moments[0])
    return used, most_in_a_second(moments), len(moments) / calls - 1


def measure_speed(nginx, folder, total):
    loop = build_curl_loop(folder)
    print("in flight   calls/s (wrk, libcurl, ours)  p99 ms (wrk, libcurl, ours)  "
          "CPU us per call (libcurl, ours)   peak MiB")
    for connections in CONNECTIONS:
        plain, plain_p99 = wrk(nginx.url, connections)
        calls = total if connections > 1 else total // 10
        curl, curl_p99, curl_cpu, _ = (curl_loop(loop, nginx.url, connections, calls)
                                       if loop else (float("nan"),) * 4)
        ours, p99, cpu, memory = windlass(nginx.url, connections, calls)
        print(f"{connections:9,}{plain:11,.0f}{curl:9,.0f}{ours:9,.0f}"
              f"{plain_p99:13.1f}{curl_p99:9.1f}{p99:8.1f}{curl_cpu:17.0f}{cpu:8.0f}"
              f"{memory:19.0f}", flush=True)


def measure_rates(nginx, seconds):
    print(f"rate over {EXECUTORS} executors, one killed   calls/s   of it   "
          "most in any second, at the server   begun again", flush=True)
    for limit, burst in [(limit, None) for limit in RATES] + BUCKETS:
        used, most, again = rate(nginx, limit, burst, seconds)
        label = f"{limit:6,} in 1s{f', burst {burst}' if burst else ''}"
        print(f"{label:22}{used * limit:23,.1f}{used:8.0%}"
              f"{most:37,}{again:14.1%}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=30, help="of each rate")
    parser.add_argument("--only", choices=("speed", "rates"))
    chosen = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (20_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with tempfile.TemporaryDirectory() as name, Nginx(pathlib.Path(name)) as nginx:
        if chosen.only != "rates":
            measure_speed(nginx, pathlib.Path(name), chosen.calls)
        if chosen.only != "speed":
            measure_rates(nginx, chosen.seconds)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""How fast results go into each result store and back, beside curl.

Servers are the tests' stand-ins, in Python on this machine: compare the columns
of one line, not the stores. With WINDLASS_TEST_SUPABASE_URL and _KEY the real
Supabase Storage there is measured instead of its stand-in. curl moves the same
bytes between a file and the same server in the same run; its requests for small
objects share one connection, as ours do.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCH = ROOT / "build/release/bench/result_stores_bench"
sys.path.insert(0, str(ROOT / "tests/e2e"))
from stand_in import StandIn  # noqa: E402

SIZES = [(1 << 10, 200), (1 << 20, 50), (1 << 30, 1)]


def ours(url, size, repeats, env):
    done = subprocess.run([BENCH, url, str(size), str(repeats)], env={**os.environ, **env},
                          stdout=subprocess.PIPE, text=True, check=True)
    return {(one["way"], one["direction"]): one for one in map(json.loads, done.stdout.splitlines())}


def curl(arguments, size, repeats):
    """MiB per second of so many transfers with one process."""
    began = time.monotonic()
    subprocess.run(["curl", "-sS", "-f", *arguments], stdout=subprocess.DEVNULL, check=True)
    return size * repeats / (1 << 20) / (time.monotonic() - began)


def by_curl(upload, download, size, repeats):
    """`upload` and `download` make curl's arguments for one object."""
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(max(1, size >> 20)):
            file.write(os.urandom(min(size, 1 << 20)))
        file.flush()
        both = []
        for make in (upload, download):
            arguments = []
            for i in range(repeats):
                arguments += ["--next"] * bool(i) + make(file.name, i)
            both.append(curl(arguments, size, repeats))
        return both


def supabase(url, key, size, repeats):
    head = ["-H", f"Authorization: Bearer {key}", "-H", f"apikey: {key}"]
    return by_curl(
        lambda path, i: [*head, "-H", "Expect:", "-H", "x-upsert: true",
                         "-H", "Content-Type: application/x-bench", "-X", "POST", "-T", path, f"{url}/object/bench/curl/{i}"],
        lambda _, i: [*head, "-o", "/dev/null", f"{url}/object/authenticated/bench/curl/{i}"],
        size, repeats)


def s3(url, told, size, repeats):
    head = ["--aws-sigv4", "aws:amz:us-east-1:s3", "-u", f"{told['access_key']}:{told['secret_key']}",
            "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
    return by_curl(lambda path, i: [*head, "-T", path, f"{url}/bench/curl/{i}"],
                   lambda _, i: [*head, "-o", "/dev/null", f"{url}/bench/curl/{i}"],
                   size, repeats)


def line(store, size, repeats, measured, plain):
    for index, direction in enumerate(("put", "get")):
        store_alone = measured["store", direction]
        rate = store_alone["mib_per_second"]
        share = f"{rate / plain[index]:6.0%}" if plain else "     -"
        rates = "".join(f"{measured[way, direction]['mib_per_second']:10.1f}"
                        for way in ("store", "identity", "zstd"))
        cpu = "".join(f"{measured[way, direction]['cpu_ms_per_mib']:9.2f}"
                      for way in ("store", "identity", "zstd"))
        against = f"{plain[index]:10.1f}" if plain else "         -"
        print(f"{store:14}{size:>11} {direction} {rates}{against} {share}"
              f"{store_alone['ms_each']:10.1f}{cpu}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="of the largest size")
    parser.add_argument("--large", action="store_true", help="only that one")
    options = parser.parse_args()
    print("MiB/s: the store alone, with checksum, with zstd; curl; ours/curl; ms each;"
          " CPU ms per MiB of the three")
    real = os.environ.get("WINDLASS_TEST_SUPABASE_URL")
    stand_in = None if real else StandIn("supabase")
    url = real or stand_in.url
    key = os.environ["WINDLASS_TEST_SUPABASE_KEY"] if real else stand_in.told["service_key"]
    other = StandIn("s3", "bucket=bench")
    keys = {"WINDLASS_SUPABASE_SERVICE_KEY": key,
            "AWS_ACCESS_KEY_ID": other.told["access_key"],
            "AWS_SECRET_ACCESS_KEY": other.told["secret_key"]}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for size, repeats in SIZES[-1:] if options.large else SIZES:
                if size > 1 << 20:
                    size = int(size * options.scale)
                line("file", size, repeats, ours(f"file:{folder}", size, repeats, keys), None)
                for chunk in ("6MiB", "32MiB") if size > 6 << 20 else ("6MiB",):
                    measured = ours(f"supabase+{url}?bucket=bench&chunk_size={chunk}",
                                    size, repeats, keys)
                    line(f"supabase {chunk}" if size > 6 << 20 else "supabase", size, repeats,
                         measured, supabase(url, key, size, repeats))
                # Downloads by one connection, as curl's: a server that has to share
                # two cores with its client serves no more by four.
                line("s3", size, repeats,
                     ours(f"s3://bench?endpoint={other.url}&parallel=1", size, repeats, keys),
                     s3(other.url, other.told, size, repeats))
    finally:
        if stand_in:
            stand_in.close()
        other.close()


if __name__ == "__main__":
    main()

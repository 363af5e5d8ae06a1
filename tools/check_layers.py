#!/usr/bin/env python3
"""Checks that includes point down the layers of docs/architecture.

A folder may include itself, the public headers and the folders listed for it;
a third-party header may be included only from its home. Prints each breach as
file:line and exits 1 if there is one.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# folder -> what it may include besides itself.
LAYERS = {
    "base": [],
    "model": ["base"],
    "results": ["base", "model"],
    "store": ["base", "model"],
    "source": ["base", "model"],
    "handlers": ["base", "model", "results"],
    "executor": ["base", "model", "results"],
    "server": ["base", "model", "results"],
    "client": ["base", "model"],
    "tracing": ["base", "model"],
    "engine": ["base", "model", "results", "store", "source", "handlers",
               "executor", "tracing"],
    "cli": ["base", "model", "results", "store", "source", "handlers",
            "executor", "server", "client", "tracing", "engine"],
}

# header prefix -> the folders that may include it.
HOMES = {
    "sqlite3.h": ["store/sqlite"],
    "libpq-fe.h": ["base/postgres", "store/postgres"],
    "amqp": ["source/rabbitmq"],
    "libfyaml.h": ["model/yaml"],
    "re2/": ["model/cel"],
    "spdlog/": ["base"],
    "zstd.h": ["base"],
    "curl/": ["base/http"],
    "duckdb.h": ["handlers/duckdb"],
    "pugixml.hpp": ["results/s3"],
    "zlib.h": ["base", "handlers/file"],
    "openssl/": ["base"],
    "CLI/": ["cli"],
    "httplib.h": ["server"],
    "prometheus/": ["server"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def breaches(path):
    relative = path.relative_to(ROOT)
    is_test = path.stem.endswith(("_test", "_bench", "_fuzz"))
    inside_src = relative.parts[0] == "src"
    folder = "/".join(relative.parts[1:-1]) if inside_src else str(relative.parent)
    layer = relative.parts[1] if inside_src else None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        header = match.group(2)
        for prefix, homes in HOMES.items():
            if header.startswith(prefix) and not any(
                    folder == home or folder.startswith(home + "/") for home in homes):
                if not is_test:
                    yield number, f"<{header}> belongs to src/{' or src/'.join(homes)}"
        top = header.split("/")[0]
        if match.group(1) == '"' and "/" in header and top in LAYERS:
            if not inside_src:
                yield number, f'a public header includes the internal "{header}"'
            elif top != layer and top not in LAYERS[layer] and not is_test:
                yield number, f'src/{layer} may not include "{header}"'
            elif layer == "store" and top == "store" and is_sibling(relative, header):
                yield number, f'one store may not include another: "{header}"'


def is_sibling(relative, header):
    """store/sqlite including store/postgres, or the other way round."""
    ours, theirs = relative.parts[2:-1], header.split("/")[1:-1]
    # What SQL stores share is below each of them.
    return (bool(ours) and bool(theirs) and ours[0] != theirs[0]
            and theirs[0] != "sql")


def main():
    found = 0
    files = [*ROOT.glob("src/**/*.h"), *ROOT.glob("src/**/*.cc"),
             *ROOT.glob("include/**/*.h")]
    for path in sorted(files):
        for number, message in breaches(path):
            print(f"{path.relative_to(ROOT)}:{number}: {message}")
            found += 1
    if found:
        sys.exit(1)
    print(f"{len(files)} files, every include points down")


if __name__ == "__main__":
    main()

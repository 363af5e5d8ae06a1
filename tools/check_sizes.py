#!/usr/bin/env python3
"""Fails, naming the files, when one has outgrown 800 lines: time to split it.

Data and what a program wrote do not count.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 800
WRITTEN_BY_PROGRAMS = {"schema/workflow.schema.json", "docs/guides/command-line.md"}
SKIPPED = {"build", ".git", "node_modules", "data", "testdata", ".windlass", "__pycache__"}
KINDS = {".cc", ".h", ".py", ".sql", ".md", ".sh", ".cmake", ".txt", ".yaml", ".json"}


def main():
    too_long = []
    for path in sorted(ROOT.rglob("*")):
        relative = path.relative_to(ROOT)
        if SKIPPED & set(relative.parts) or str(relative) in WRITTEN_BY_PROGRAMS:
            continue
        if path.suffix not in KINDS or not path.is_file():
            continue
        lines = path.read_bytes().count(b"\n")
        if lines > LIMIT:
            too_long.append(f"{relative}: {lines} lines, at most {LIMIT}")
    print("\n".join(too_long) or f"no file has more than {LIMIT} lines")
    sys.exit(1 if too_long else 0)


if __name__ == "__main__":
    main()

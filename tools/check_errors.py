#!/usr/bin/env python3
"""Fails when a type of error that Windlass itself reports is missing in
docs/guides/errors.md, or stands there and nowhere else."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs/guides/errors.md"
TYPE = r'"([A-Z][a-z]+(?:[A-Z][A-Za-z]*)?)"'
# How errors are made, in C++ and in Python.
MADE = re.compile(r"(?:\b(?:Failure|FinalFailure|Error|MakeError|MakeFinalError|Failed)\(\s*"
                  r"(?:\w+\s*\?\s*)?"
                  rf"|error[.>-]+type = (?:\w+ \? )?|\"error_type\": ){TYPE}")
RAISED = re.compile(rf"FinalError\((?:[^()]|\([^()]*\))*?,\s*{TYPE}", re.S)
ALTERNATIVE = re.compile(rf"\? {TYPE}\s*: {TYPE}")
CONSTANT = re.compile(rf"constexpr std::string_view k\w+ =\s*{TYPE};")
# Of absl's codes, by handlers/failure.cc.
CODE = re.compile(r"absl::StatusCode::k(\w+)")


def sources():
    for folder, suffix in (("src", "*.cc"), ("python", "*.py")):
        for path in (ROOT / folder).rglob(suffix):
            if not path.name.endswith("_test.cc"):
                yield path.read_text()


def reported():
    types = set()
    for text in sources():
        types.update(MADE.findall(text))
        types.update(RAISED.findall(text))
        if "ErrorCategory" in text:
            types.update(one for pair in ALTERNATIVE.findall(text) for one in pair)
    header = (ROOT / "include/windlass/result.h").read_text()
    types.update(CONSTANT.findall(header.split("namespace error_type")[1]))
    return types


def main():
    here = reported()
    told = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][A-Za-z]*)?)`", GUIDE.read_text()))
    missing = sorted(here - told)
    codes = (ROOT / "src/handlers/failure.cc").read_text()
    of_codes = set(CODE.findall(codes)) | {"NotFound", "DeadlineExceeded", "Aborted", "Unknown"}
    # Python's own exceptions keep their names.
    gone = sorted(told - here - of_codes - {"SystemExit", "MemoryError"})
    if missing:
        print(f"docs/guides/errors.md does not explain: {', '.join(missing)}")
    if gone:
        print(f"docs/guides/errors.md explains what nothing reports: {', '.join(gone)}")
    return 1 if missing or gone else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Writes the parts of docs/guides that the product itself knows best.

    tools/update_docs.py            rewrites them
    tools/update_docs.py --check    exits 1, with a diff, when they are stale

Between `<!-- generated: NAME -->` and `<!-- end -->` stand the help texts of
every command and the table of settings (from $WINDLASS_BINARY, default
build/release/windlass) and the tables of fields (from
schema/workflow.schema.json).
"""

import difflib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
GUIDES = ROOT / "docs/guides"
WINDLASS = os.environ.get("WINDLASS_BINARY", str(ROOT / "build/release/windlass"))
REGION = re.compile(r"(<!-- generated: ([\w ]+) -->\n).*?(<!-- end -->)", re.S)


# --- commands

def help_of(*command):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WINDLASS_")}
    done = subprocess.run([WINDLASS, *command, "--help"], capture_output=True, text=True,
                          check=True, env=environment)
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def subcommands(text):
    found = re.search(r"^(?:SUBCOMMANDS|Subcommands):\n((?:  .*\n?)+)", text, re.M)
    if not found:
        return []
    return [line.split()[0] for line in found.group(1).splitlines() if re.match(r"  \S", line)]


def commands():
    out = []
    for name in subcommands(help_of()):
        out.append(f"## windlass {name}\n\n```text\n{help_of(name)}\n```\n")
        for below in subcommands(help_of(name)):
            out.append(f"### windlass {name} {below}\n\n```text\n{help_of(name, below)}\n```\n")
    return "\n".join(out)


def top():
    return f"```text\n{help_of()}\n```\n"


# --- settings

FLAG = re.compile(r"^  (?:-\w,)?--([\w-]+)(?: [A-Z]+)?(?::\{[^}]*\}|:[A-Z]+(?: in \[[^]]*\])?)?"
                  r"(?:=(\S*))?.*?\(Env:(\w+)\)\s*(.*)$")


def flags(text):
    """(variable, flag, default, meaning) of each that can be a variable."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if found := FLAG.match(line):
            flag, default, variable, meaning = found.groups()
            if not meaning and at + 1 < len(lines):
                meaning = lines[at + 1].strip()
            yield variable, flag, default or "", meaning


def settings():
    """Every flag that a variable or the file of --config may set, once."""
    known, where = {}, {}
    pages = {"all": help_of()}
    for name in subcommands(pages["all"]):
        pages[name] = help_of(name)
        for below in subcommands(pages[name]):
            pages[f"{name} {below}"] = help_of(name, below)
    for command, text in pages.items():
        for variable, flag, default, meaning in flags(text):
            known.setdefault(variable, (flag, default, meaning))
            where.setdefault(variable, []).append(command)
    rows = ["| variable | flag | of | default | meaning |", "|---|---|---|---|---|"]
    for variable, (flag, default, meaning) in sorted(known.items()):
        default = f"`{default}`" if default not in ("", "[]") else ""
        meaning = meaning.replace("|", "\\|")
        rows.append(f"| `{variable}` | `--{flag}` | {', '.join(where[variable])} | {default} "
                    f"| {meaning} |")
    return "\n".join(rows) + "\n"


# --- fields

SCHEMA = json.loads((ROOT / "schema/workflow.schema.json").read_text())


def reference(schema):
    """The definition a field refers to, or ""."""
    target = schema.get("$ref") or (schema.get("allOf") or [{}])[0].get("$ref", "")
    return target.rsplit("/", 1)[-1]


def form(schema):
    """What may stand there, in a word or two."""
    name = reference(schema)
    if name in ("duration", "byte_size"):
        return {"duration": "duration", "byte_size": "size"}[name]
    if name:
        return f"[{name}](#{name})"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " \\| ".join(f"`{one}`" for one in schema["enum"])
    kinds = schema.get("type", "any")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    names = {"string": "text", "array": "list", "object": "mapping", "integer": "whole number"}
    if kinds == ["integer"] and schema.get("maximum", 1 << 31) < 1000:
        return f"{schema['minimum']} to {schema['maximum']}"
    return " or ".join(names.get(kind, kind) for kind in kinds)


def table(definition):
    schema = SCHEMA if definition == "workflow" else SCHEMA["definitions"][definition]
    rows = ["| field | form | meaning |", "|---|---|---|"]
    for name, field in schema["properties"].items():
        meaning = field.get("description", "")
        if name in schema.get("required", []):
            meaning = f"**Required.** {meaning}"
        meaning = re.sub(r"\s+", " ", meaning).replace("|", "\\|").replace("*", "\\*") \
            .replace("\\*\\*Required.\\*\\*", "**Required.**")
        rows.append(f"| `{name}` | {form(field)} | {meaning} |")
    return "\n".join(rows) + "\n"


def content(name):
    if name == "top":
        return top()
    if name == "commands":
        return commands()
    if name == "settings":
        return settings()
    return table(name.removeprefix("fields of "))


def main():
    check = sys.argv[1:] == ["--check"]
    stale = False
    for page in sorted(GUIDES.glob("*.md")):
        old = page.read_text()
        new = REGION.sub(lambda m: m.group(1) + content(m.group(2)) + m.group(3), old)
        if old == new:
            continue
        stale = True
        if check:
            sys.stdout.writelines(difflib.unified_diff(
                old.splitlines(True), new.splitlines(True), str(page), "as it should be"))
        else:
            page.write_text(new)
            print(f"updated {page.relative_to(ROOT)}")
    if check and stale:
        sys.exit("run tools/update_docs.py")


if __name__ == "__main__":
    main()

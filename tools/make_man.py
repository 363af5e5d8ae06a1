#!/usr/bin/env python3
"""Writes the man pages, from what the commands say of themselves with --help.

    tools/make_man.py FOLDER     windlass.1, windlass-run.1, ...

The binary is $WINDLASS_BINARY, default build/release/windlass.
"""

import pathlib
import re
import subprocess
import sys

import update_docs

SECTIONS = {"Positionals", "Options", "Subcommands"}


def roff(text):
    """Text that roff shows as it stands."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def parts(help_text):
    """(what it does, how it is called, [(section, lines)], what follows)."""
    lines = help_text.splitlines()
    about, usage, sections, footer = lines[0], "", [], []
    for line in lines[1:]:
        name = line.rstrip(":")
        if line.startswith("Usage: "):
            usage = line.removeprefix("Usage: ")
        elif name in SECTIONS and line.endswith(":"):
            sections.append((name, []))
        elif sections and line.startswith("  ") and not footer:
            sections[-1][1].append(line)
        elif line or footer:
            footer.append(line)
    return about, usage, sections, footer


COLUMN = 34  # Where meanings begin; see src/cli/main.cc.


def entries(lines):
    """(flag or command, meaning) of the lines of one section."""
    found = []
    for line, following in zip(lines, [*lines[1:], ""]):
        if line.startswith(" " * COLUMN):
            found[-1][1] = line.strip()
        elif following.startswith(" " * COLUMN):
            # Too wide for its meaning to stand beside it.
            found.append([line.strip(), ""])
        else:
            found.append([line[:COLUMN].strip(), line[COLUMN:].strip()])
    return found


def page(command, version):
    about, usage, sections, footer = parts(update_docs.help_of(*command))
    name = "-".join(("windlass", *command))
    out = [f'.TH {name.upper()} 1 "" "windlass {version}" "Windlass"', ".SH NAME",
           f"{roff(name)} \\- {roff(about.rstrip('.'))}",
           ".SH SYNOPSIS", roff(usage)]
    for section, lines in sections:
        out.append(f".SH {section.upper()}")
        for flag, meaning in entries(lines):
            out += [".TP", f"\\fB{roff(flag)}\\fR", roff(meaning)]
    if footer:
        out += [".SH NOTES", ".nf", roff("\n".join(footer)), ".fi"]
    out += [".SH SEE ALSO"]
    if command:
        out.append("\\fBwindlass\\fR(1)")
    else:
        out.append(",\n".join(f"\\fBwindlass\\-{roff(one)}\\fR(1)"
                              for one in update_docs.subcommands(update_docs.help_of())))
    return "\n".join(out) + "\n"


def commands():
    yield ()
    for name in update_docs.subcommands(update_docs.help_of()):
        yield (name,)
        for below in update_docs.subcommands(update_docs.help_of(name)):
            yield (name, below)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    said = subprocess.run([update_docs.WINDLASS, "version"], capture_output=True, text=True,
                          check=True).stdout
    for command in commands():
        name = "-".join(("windlass", *command))
        (folder / f"{name}.1").write_text(page(command, said.split()[1]))


if __name__ == "__main__":
    main()

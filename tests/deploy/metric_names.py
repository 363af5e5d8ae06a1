"""Which metrics a PromQL expression asks for, held against those that exist."""

import re

import yaml

from support import ROOT

TESTDATA = ROOT / "src/server/testdata"
PROMETHEUS = ROOT / "deploy/prometheus"

# Prometheus makes these; every series has the last two.
OTHERS = {"up": set()}
SCRAPED = {"job", "instance", "le"}
WORD = r"[a-zA-Z_:][a-zA-Z0-9_:]*"


def exported():
    """Metric -> (kind, labels), of executors and servers."""
    found = {}
    for file in TESTDATA.glob("*metrics.golden"):
        for line in file.read_text().splitlines():
            name, kind, *labels = line.split()
            found[name] = (kind, set(labels))
    return found


def recorded():
    """The names that our recording rules give, with the labels they keep."""
    rules = yaml.safe_load((PROMETHEUS / "windlass-recording.yaml").read_text())
    names = {}
    for group in rules["groups"]:
        for rule in group["rules"]:
            level = rule["record"].split(":")[0]
            names[rule["record"]] = set() if level.startswith("windlass") else set(level.split("_"))
    return names


def labels_of(name):
    """The labels of a series, or None when nothing is called that."""
    if name in OTHERS:
        return OTHERS[name]
    if name in recorded():
        return recorded()[name]
    metrics = exported()
    if name in metrics:
        kind, labels = metrics[name]
        return None if kind == "histogram" else labels
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    if base != name and metrics.get(base, ("",))[0] == "histogram":
        return metrics[base][1]
    return None


def series(expression):
    """(name, labels it is chosen by) of every series an expression reads."""
    quiet = re.sub(r'"[^"]*"', '""', expression)
    # Labels in by (...) are no series, nor are functions.
    quiet = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)", " ", quiet)
    for match in re.finditer(rf"({WORD})\s*(\{{[^}}]*\}})?(\s*\()?", quiet):
        name, selector, call = match.groups()
        if call or name in ("unless", "and", "or") or quiet[match.start() - 1:match.start()] in ("$", "["):
            continue
        if re.fullmatch(r"[smhd]|e", name):
            continue
        yield name, set(re.findall(rf"({WORD})\s*[=!]", selector or ""))


def grouping(expression):
    """The labels in by (...) and on (...)."""
    lists = re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression)
    return {label.strip() for one in lists for label in one.split(",") if label.strip()}


def complaints(expression):
    found, known = [], set(SCRAPED)
    for name, chosen in series(expression):
        labels = labels_of(name)
        if labels is None:
            found.append(f"there is no metric {name}")
            continue
        known |= labels
        found += [f"{name} has no label {label}" for label in chosen - labels - SCRAPED]
    found += [f"nothing here has a label {label}" for label in grouping(expression) - known]
    return found

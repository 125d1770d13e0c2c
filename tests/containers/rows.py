#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
#
# usage: rows.py CELLS
#
# Prints the rows of tests/containers/cells for each runtime, one a line: "here", the
# runtime, the settings, and the outcome; or, if the row is for another version
# than the one of this machine, "other" and why.  Of the rows for one runtime and
# the same settings, one must be for each version: fails if one is missing, or if
# there are two.
import re
import subprocess
import sys

# The program whose version is the runtime's, unless it has the runtime's name.
PROGRAMS = {"docker": "dockerd", "remapped": "dockerd", "rootless": "podman",
            "rootless-docker": "dockerd", "compose": "dockerd",
            "docker-runsc": "runsc", "cri": "containerd", "kube": "podman"}
RUNTIME = re.compile(r"([a-z-]+)(?:>=([0-9.]+))?(?:<([0-9.]+))?")
FOREVER = (float("inf"),)


def number(text):
    return tuple(int(part) for part in text.split("."))


def version_here(runtime):
    """None if it is not here: each row is for it then, and skipped."""
    try:
        said = subprocess.run([PROGRAMS.get(runtime, runtime), "--version"],
                              capture_output=True, check=True, text=True).stdout
    except FileNotFoundError:
        return None
    # Debian's version of a program that has dates alone begins with 0.0~.
    return re.search(r"(?:0\.0~)?(\d+(\.\d+)+)", said).group(1)


def read_rows(path):
    """Each runtime of each row: its name, versions from and below, the rest."""
    with open(path, encoding="ascii") as file:
        for line in file:
            if not line.strip() or line.startswith("#"):
                continue
            runtimes, settings, outcome = line.split("|")
            for word in runtimes.split():
                name, since, below = RUNTIME.fullmatch(word).groups()
                yield (name, number(since or "0"),
                       number(below) if below else FOREVER, word,
                       " ".join(settings.split()), outcome.strip())


def find_faults(rows):
    """Versions must follow each other, from the first to the last."""
    cells = {}
    for name, since, below, _, settings, _ in rows:
        cells.setdefault((name, frozenset(settings.split())),
                         []).append((since, below))
    for (name, settings), ranges in cells.items():
        ranges.sort()
        ends = [(0,)] + [below for _, below in ranges]
        if ends != [since for since, _ in ranges] + [FOREVER]:
            yield "%s | %s" % (name, " ".join(sorted(settings)))


rows = list(read_rows(sys.argv[1]))
for fault in find_faults(rows):
    sys.exit("%s: not one row for each version: %s" % (sys.argv[1], fault))
versions = {name: version_here(name) for name, *_ in rows}
for name, since, below, word, settings, outcome in rows:
    version = versions[name]
    if version is None or since <= number(version) < below:
        print("here", name, settings, outcome, sep="|")
    else:
        print("other", name, settings,
              "is for %s, and %s is here" % (word, version), sep="|")

# SPDX-License-Identifier: ISC
"""How long it takes to a server's main, and until it listens."""
from lab import AS_NOBODY, NOBODY, Missing, permit_authbind

MARK = "build/measure_mark"
SERVER = [MARK, "8443"]
PUBLIC = [MARK, "443"]
PART = "start"


def user_commands(lab):
    """Of an ordinary user."""
    lowport = [lab.lowport, "-q", "-p"]
    return {
        "bare": SERVER,
        "tini": ["tini", "-s", "--", *SERVER],
        "dumb-init": ["dumb-init", *SERVER],
        "authbind": ["authbind", "--deep", *PUBLIC],
        "tini, authbind": ["tini", "-s", "--", "authbind", "--deep", *PUBLIC],
        "notify": [*lowport, "443:8443", "--", *SERVER],
        "observe": ["LOWPORT_LEARN=observe", *lowport, "443:8443", "--",
                    *SERVER],
        "preload": [*lowport, "443:8443", "--method", "preload", "--",
                    *SERVER],
        "descriptor": [*lowport, "443:@https", "--", MARK, "@{https}"],
    }


def root_commands(lab):
    """From root, which becomes an ordinary user."""
    chain = ["gosu", "nobody", "authbind", "--deep", *PUBLIC]
    return {
        "setpriv": AS_NOBODY + SERVER,
        "gosu": ["gosu", "nobody", *SERVER],
        "tini, gosu": ["tini", "-s", "--", "gosu", "nobody", *SERVER],
        "tini, gosu, authbind": ["tini", "-s", "--", *chain],
        "dumb-init, gosu, authbind": ["dumb-init", *chain],
        "notify, -u": [lab.lowport, "-q", "-u", "nobody", "-p", "443:8443",
                       "--", *SERVER],
    }


def rested_commands(lab):
    """Each a while after another: soon after a process was moved to a group,
    the next move does not wait."""
    group = f"{lab.group}/start"
    lab.output(["mkdir", group])
    lab.output([lab.lowport, "--attach", group, "-p", "443:8443"])
    enter = ["sh", "-c", 'echo 0 >"$0" && exec "$@"',
             f"{group}/cgroup.procs", *AS_NOBODY]
    return {
        "notify, -u": [lab.lowport, "-q", "-u", "nobody", "-p", "443:8443",
                       "--", *SERVER],
        "bpf, -u": lab.bpf_command("-p", "443:8443", "--", *SERVER)[1:],
        "--attach, alone": [lab.lowport, "--attach", group, "-p", "443:8443"],
        "a shell enters the group": [*enter, *SERVER],
        "a shell": ["sh", "-c", 'exec "$@"', "sh", *AS_NOBODY, *SERVER],
    }


def words_of(commands, uid):
    for label, command in commands.items():
        yield [label.replace(" ", "_"), str(uid), *command]


def working(lab, case, all_words):
    """Those that start a server here."""
    for words in all_words:
        try:
            lab.output(["build/measure_start", "1", "0", *words])
            yield words
        except Missing as why:
            lab.results.missing(PART, case, words[0].replace("_", " "), why)


def time_starts(lab, case, rounds, pause, all_words):
    command = ["build/measure_start", str(rounds), str(pause)]
    for words in working(lab, case, all_words):
        command += ([","] if len(command) > 3 else []) + words
    counts = {}
    for label, main, listen, whole in lab.output(command):
        way = label.replace("_", " ")
        number = counts[way] = counts.get(way, 0) + 1
        for quantity, value in (("exec", main), ("listen", listen)):
            # What starts no server ends by itself.
            value = float(value) if float(value) > 0 else float(whole)
            lab.results.add(PART, case, way, quantity, "us", number, value)


def measure(lab):
    permit_authbind(lab)
    time_starts(lab, "in turn", lab.rounds(400), 0,
                [*words_of(user_commands(lab), NOBODY),
                 *words_of(root_commands(lab), 0)])
    try:
        lab.need_group()
        time_starts(lab, "rested", lab.rounds(40), 20,
                    words_of(rested_commands(lab), 0))
    except Missing as why:
        for way in ("bpf, -u", "--attach, alone"):
            lab.results.missing(PART, "rested", way, why)

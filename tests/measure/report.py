# SPDX-License-Identifier: ISC
"""Reads what run.py wrote, and makes tables of it: for table.py and page.py."""
import json
import math
from statistics import median

OURS = ("notify", "observe", "preload", "descriptor", "bpf", "--attach")
BASE = ("bare", "bare again")


class Table:
    """Rows of texts; the first of each row names it."""

    def __init__(self, caption, head, rows, note=""):
        self.caption, self.head, self.rows, self.note = caption, head, rows, note


def quantile(values, part):
    values = sorted(values)
    place = part * (len(values) - 1)
    low, share = int(place), place - int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * share


def quartiles(values):
    return tuple(quantile(values, part) for part in (0.25, 0.5, 0.75))


def certain(values):
    """Between these the median is in 99 of 100 runs like this one, by their ranks."""
    values = sorted(values)
    count, reach = len(values), 1.29 * math.sqrt(len(values))
    low = max(0, math.floor(count / 2 - reach))
    return values[low], values[min(count - 1, math.ceil(count / 2 + reach))]


def digits(value):
    """Three digits, and no exponent."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(places, 3)}f}"


def spread(values, form=digits):
    """Median and quartiles."""
    if not values:
        return "-"
    low, middle, high = map(form, quartiles(values))
    return f"{middle} [{low}-{high}]"


class Report:
    def __init__(self, path):
        self.machine, self.parts, self.series, self.left_out = {}, {}, {}, []
        with open(path) as lines:
            for line in lines:
                self.take(json.loads(line))

    def take(self, row):
        if "machine" in row:
            self.machine = {**row["machine"], "date": row["date"],
                            "scale": row["scale"]}
        elif "missing" in row:
            self.left_out.append((row["part"], row["way"], row["missing"],
                                  row["case"]))
        elif "seconds" in row:
            self.parts[row["part"]] = row
        else:
            key = row["part"], row["case"], row["way"], row["quantity"]
            self.series[key] = list(zip(row["rounds"], row["values"]))

    def cases(self, part):
        return list(dict.fromkeys(k[1] for k in self.series if k[0] == part))

    def ways(self, part, case=None):
        return list(dict.fromkeys(k[2] for k in self.series if k[0] == part and
                                  case in (None, k[1])))

    def values(self, *key):
        return [value for _, value in self.series.get(key, [])]

    def median(self, *key):
        values = self.values(*key)
        return median(values) if values else None

    def ratios(self, part, case, way, quantity, base="bare"):
        """By what BASE had in the same round."""
        of_base = dict(self.series.get((part, case, base, quantity), []))
        return [value / of_base[number] for number, value in
                self.series.get((part, case, way, quantity), [])
                if of_base.get(number)]

    def differences(self, part, case, way, quantity, base="bare"):
        of_base = dict(self.series.get((part, case, base, quantity), []))
        return [value - of_base[number] for number, value in
                self.series.get((part, case, way, quantity), [])
                if number in of_base]

    def ratio(self, *key, **options):
        values = self.ratios(*key, **options)
        return median(values) if values else None


def fixed(value, places=2):
    return "-" if value is None else f"{value:.{places}f}"


# ---- Requests and datagrams.

REQUEST_CASES = [f"{server}: {kind}" for server in ("nginx",
                                                    "a static Go server")
                 for kind in ("plain, keep-alive", "plain, a connection each",
                              "TLS, keep-alive", "TLS, a connection each")]
WAY_ORDER = (*BASE, *OURS, "iptables REDIRECT", "nft redirect", "socat",
             "haproxy", "systemd-socket-proxyd")


def heading(case):
    server, _, kind = case.partition(": ")
    return ("Go" if "Go" in server else server) + " " + kind.replace(
        "a connection each", "each").replace("keep-alive", "keep").replace(
            ",", "")


def request_matrix(report, caption, cell, note=""):
    head = ["", *map(heading, REQUEST_CASES)]
    rows = [[way, *(cell(case, way) for case in REQUEST_CASES)]
            for way in WAY_ORDER if way in report.ways("requests")]
    return Table(caption, head, rows, note)


def request_tables(report):
    if "requests" not in report.parts:
        return []

    def ratio(quantity):
        return lambda case, way: spread(
            report.ratios("requests", case, way, quantity), fixed)

    def value(quantity):
        return lambda case, way: digits(
            report.median("requests", case, way, quantity))

    return [
        request_matrix(report, "Requests a second, by those of bare",
                       ratio("rate"), "Median and quartiles of the ratios of each"
                       " round.  Keep is keep-alive, each a connection for each"
                       " request.  Bare again is a second bare server: how far"
                       " it is from 1 is the noise of this table.  The reason"
                       " for each - is at the end."),
        request_matrix(report, "Processor time of a request, by that of bare",
                       ratio("all time"), "Of the server, of all that stands"
                       " before it, and of the clients.  Less noisy on a machine"
                       " that others use, too."),
        request_matrix(report, "Requests a second", value("rate")),
        request_matrix(report, "Latency, p50, us", value("pooled p50")),
        request_matrix(report, "Latency, p99, us", value("pooled p99")),
        request_matrix(report, "Latency, p999, us", value("pooled p999")),
    ]


def datagram_tables(report):
    case = "datagrams"
    rows = []
    for way in (w for w in WAY_ORDER if w in report.ways("datagrams")):
        key = "datagrams", case, way
        rows.append([way, spread(report.ratios(*key, "rate")),
                     fixed(report.ratio(*key, "all time")),
                     digits(report.median(*key, "rate")),
                     *(digits(report.median(*key, f"pooled {p}"))
                       for p in ("p50", "p99", "p999")),
                     digits(report.median(*key, "failures"))])
    return [Table("Datagrams returned a second, over UDP, by those of bare",
                  ["", "x bare", "processor time x bare", "/s", "p50 us",
                   "p99 us", "p999 us", "lost"], rows)] if rows else []


# ---- The start.

START_ORDER = ("bare", "tini", "dumb-init", "authbind", "tini, authbind",
               "notify", "observe", "preload", "descriptor", "setpriv", "gosu",
               "tini, gosu", "tini, gosu, authbind",
               "dumb-init, gosu, authbind", "notify, -u")
CHAIN = "tini, gosu, authbind"


def start_row(report, case, way, bases):
    key = "start", case, way
    row = [way]
    for quantity in ("exec", "listen"):
        row.append(spread(report.values(*key, quantity)))
        row += [fixed(report.ratio(*key, quantity, base=base))
                for base in bases]
    return row


def start_tables(report):
    if "start" not in report.parts:
        return []
    rows = [start_row(report, "in turn", way, ("tini", CHAIN))
            for way in START_ORDER if way in report.ways("start", "in turn")]
    tables = [Table(
        "Start, to the server's main and until it listens, us",
        ["", "to main", "x tini", "x chain", "to listen", "x tini", "x chain"],
        rows, f"The chain is {CHAIN}.  From setpriv on, root starts it; the"
        " others an ordinary user.")]
    rows = [start_row(report, "rested", way, ())
            for way in report.ways("start", "rested")]
    if rows:
        tables.append(Table(
            "Start from root, each 20 ms after another, us",
            ["", "to main", "to listen"], rows,
            "To move a process to a control group the kernel waits for an RCU"
            " grace period, also when a shell does it.  --attach is done once,"
            " before the server; then that starts as without."))
    return tables


# ---- Calls.

CALL_WAYS = ("bare", *OURS[:3], *OURS[4:], "authbind")


def bind_cell(report, call, way):
    low, middle, high = (report.median("calls", call, way, q)
                         for q in ("p5", "p50", "p95"))
    return "-" if middle is None else (
        f"{digits(middle)} [{digits(low)}-{digits(high)}]")


def call_tables(report):
    if "calls" not in report.parts:
        return []
    columns = {"fresh": "bind", "used up": "bind-later",
               "alone": "bind-later alone", "beside": "bind-later beside"}
    ways = [w for w in CALL_WAYS if w in report.ways("calls")]
    tables = [Table(
        "bind(2) as the server feels it, us: median [5-95 %]",
        ["", "spares fresh", "spares used up", "used up, alone",
         "used up, beside 1000"],
        [[way, *(bind_cell(report, call, way) for call in columns.values())]
         for way in ways],
        "The last two were measured in turn, beside 1,000 processes of"
        " another user.")]
    rows = [[way, digits(report.median("calls", "bind 2000 times", way, "p50")),
             spread([1e3 * d for d in report.differences(
                 "calls", "bind 2000 times", way, "p50")])]
            for way in report.ways("calls", "bind 2000 times")]
    if rows:
        tables.append(Table("bind(2) by the kernel, 2,000 times a run",
                            ["", "us", "ns above bare"], rows))
    taxed = [w for w in report.ways("calls") if w != "authbind"]
    tables.append(Table(
        "Tax on system calls that are not bind(2), us",
        ["", "getppid", "x bare", "setsockopt", "x bare", "getsockname",
         "x bare"],
        [[way, *(text for call in ("getppid", "setsockopt", "getsockname")
                 for text in (digits(report.median("calls", call, way, "p50")),
                              fixed(report.ratio("calls", call, way, "p50"))))]
         for way in taxed],
        "getppid(2) is a call that no filter traps, but each is looked at by."
        "  setsockopt(2) is of TCP_NODELAY, which observe watches."))
    return tables


# ---- Memory and growth.

def memory_tables(report):
    if "memory" not in report.parts:
        return []
    kinds, later = ("own", "private", "proportional"), "10000 hand-offs"
    return [Table(
        "Memory of what stays beside the server, kB",
        ["", *(f"{kind}{when}" for kind in kinds for when in ("", ", later"))],
        [[way, *(digits(report.median("memory", case, way, kind))
                 for kind in kinds for case in ("start", later))]
         for way in report.ways("memory")],
        "Later is after 10,000 hand-offs.  Own memory belongs to no file."
        "  Private memory also counts pages of the program's file, which a"
        " second lowport would share; proportional memory counts its share of"
        " every page.  Behind --attach no process stays.")]


GROWING = {"start": ("us", "to the server's main"),
           "memory": ("kB", "own memory of the helper"),
           "bind": ("us", "bind(2)"), "rebinds": ("/s", "rebinds a second"),
           "helper": ("us", "processor time of the helper for each bind(2)"),
           "all listen": ("us", "until all listen")}


def points(report, what, way, quantity):
    """(n, median) of what grows with n."""
    found = []
    for case in report.cases("growth"):
        kind, _, number = case.partition(" ")
        value = report.median("growth", case, way, quantity)
        if kind == what and value is not None:
            found.append((int(number), value))
    return sorted(found)


def least_squares(pairs, power):
    """A and B of v = A + B n^power, of the least relative errors, and these."""
    rows = [(1 / v, n ** power / v) for n, v in pairs]
    aa = sum(p * p for p, _ in rows)
    ab = sum(p * q for p, q in rows)
    bb = sum(q * q for _, q in rows)
    a1, b1 = sum(p for p, _ in rows), sum(q for _, q in rows)
    size = aa * bb - ab * ab
    if abs(size) < 1e-12 * aa * bb:
        return None
    a, b = (a1 * bb - b1 * ab) / size, (aa * b1 - ab * a1) / size
    if a < 0:
        a, b = 0, b1 / bb
    return sum((a * p + b * q - 1) ** 2 for p, q in rows), a, b


def fit(pairs):
    """The error, A, B and K of v = A + B n^K: what is constant, and what grows.
    K is looked for in steps of a twentieth."""
    tried = [(*found, k / 20) for k in range(4, 41)
             for found in [least_squares(pairs, k / 20)] if found]
    return min(tried) if len(pairs) > 3 and tried else None


def growth_word(power):
    if power < 0.85:
        return "less than linear"
    return "linear" if power < 1.2 else "more than linear"


def growth_sentence(report, what, way, quantity):
    unit = GROWING[quantity][0]
    pairs = points(report, what, way, quantity)
    if unit == "/s":
        unit, pairs = "us", [(n, 1e6 / v) for n, v in pairs]
    found = fit(pairs)
    if found is None:
        return "-"
    error, a, b, power = found
    if b * pairs[-1][0] ** power < 0.25 * a:
        return "constant"
    if error > 0.3 * min(sum((v / other - 1) ** 2 for _, v in pairs)
                         for _, other in pairs):
        return "no clear growth"
    return f"{digits(a)} {unit} + {digits(b)} n^{power:.2f}: " + growth_word(
        power)


def growth_table(report, what, quantity):
    unit, name = GROWING[quantity]
    ways = [w for w in report.ways("growth")
            if points(report, what, w, quantity)]
    numbers = sorted({n for w in ways for n, _ in
                      points(report, what, w, quantity)})
    rows = []
    for way in ways:
        known = dict(points(report, what, way, quantity))
        rows.append([way, *(digits(known.get(n)) for n in numbers),
                     growth_sentence(report, what, way, quantity)])
    return Table(f"{name}, by the number of {what}, {unit}",
                 ["", *map(str, numbers), "growth"], rows)


def growth_tables(report):
    if "growth" not in report.parts:
        return []
    return [growth_table(report, "ports", q)
            for q in ("start", "memory", "bind", "rebinds")] + [
                growth_table(report, "workers", q)
                for q in ("all listen", "helper", "bind")]


def left_out_tables(report):
    rows = {}
    for part, way, why, case in report.left_out:
        rows.setdefault((part, way, why), []).append(case)
    return [Table("Not measured, and why", ["", "way", "case", "reason"],
                  [[part, way, cases[0] if len(cases) == 1 else
                    f"{len(cases)} cases", why]
                   for (part, way, why), cases in rows.items()])
            ] if rows else []

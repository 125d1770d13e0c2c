# SPDX-License-Identifier: ISC
"""What lowport is to reach, what this run shows, and the floor where it misses."""
import report as of
from report import CHAIN, OURS, Table, digits, fixed

START = "start"
OTHERS = ("iptables REDIRECT", "nft redirect", "socat", "haproxy",
          "systemd-socket-proxyd")


class Cell:
    """The ratio to bare of one way in one case."""

    def __init__(self, part, case, way, ratios):
        self.part, self.case, self.way = part, case, way
        self.ratio = of.quantile(ratios, 0.5)
        self.low, self.high = of.certain(ratios)

    def __str__(self):
        place = f", {of.heading(self.case)}" if self.part == "requests" else ""
        return f"{fixed(self.ratio)} ({self.way}{place})"


def cells(report, ways, quantity, part):
    found = [Cell(part, case, way, ratios)
             for case in report.cases(part) for way in ways
             for ratios in [report.ratios(part, case, way, quantity)] if ratios]
    return sorted(found, key=lambda cell: cell.ratio)


def verdict(met, seen=True):
    """Beyond the goal, but within what the rounds differ by, is neither."""
    return "met" if met and seen else "missed" if not met else "in the noise"


def noise(report, part, quantity):
    again = cells(report, ["bare again"], quantity, part)
    ends = dict.fromkeys((fixed(again[0].ratio), fixed(again[-1].ratio)))
    return f"a second bare server has {' to '.join(ends)}, which is the noise"


def calm(report, part, quantity):
    """True if two bare servers differ little enough to judge anything by."""
    return all(abs(cell.ratio - 1) < 0.06
               for cell in cells(report, ["bare again"], quantity, part))


def warnings(report):
    """What a reader has to know before all figures."""
    busy = [part for part in ("requests", "datagrams")
            if part in report.parts and not calm(report, part, "rate")]
    if busy:
        yield (f"This machine was too busy: {' and '.join(busy)} a second of two"
               " equal bare servers differ by more than 6 %.  Look at processor"
               " time instead, or repeat it on an idle machine.")


OBSERVED = ("a Go server sets two watched options on each connection, and each"
            " is a round trip to the helper: the floor of observe, which only"
            " stands in where pidfd_getfd(2) is refused")


def ratio_goal(report, part, quantity, goal, missed):
    """MISSED says of a cell whether it surely misses."""
    limit = float(goal.split(": ")[1].split()[0])
    ours = cells(report, OURS, quantity, part)
    edge = ours[0] if quantity == "rate" else ours[-1]
    bad = [cell for cell in ours if missed(cell)]
    slow = [c for c in bad if c.way == "observe" and "Go" in c.case]
    why = [f"surely missed by {len(bad)} of {len(ours)}: "
           + ", ".join(map(str, bad[:4]))] if bad else []
    why += [OBSERVED] if slow else []
    seen = edge.ratio >= limit if quantity == "rate" else edge.ratio <= limit
    quiet = calm(report, part, quantity)
    yield (goal, f"worst {edge}", verdict(not bad or not quiet, seen and quiet),
           "; ".join(why + [noise(report, part, quantity)]))


def throughput_goals(report, part, what):
    if part not in report.parts:
        return
    yield from ratio_goal(report, part, "rate",
                          f"{what} by each of ours: 0.99 of bare or more",
                          lambda cell: cell.high < 0.99)
    yield from ratio_goal(report, part, "all time",
                          "the same by processor time: 1.01 of bare or less",
                          lambda cell: cell.low > 1.01)
    others = cells(report, OTHERS, "rate", part)
    behind = behind_others(report, part)
    if others:
        yield (f"{what}: ahead of all others",
               f"the best other {others[-1]}",
               verdict(not behind or not calm(report, part, "rate"),
                       calm(report, part, "rate")),
               "; ".join(behind[:4]))


def behind_others(report, part):
    """Cases in which one of ours is surely slower than one of the others."""
    found = []
    for case in report.cases(part):
        pairs = [(ours, other)
                 for ours in cells(report, OURS, "rate", part)
                 for other in cells(report, OTHERS, "rate", part)
                 if ours.case == other.case == case and ours.high < other.low]
        found += [f"{ours} behind {other}" for ours, other in pairs]
    return found


def start_goals(report):
    for quantity, what in (("exec", "to the server's main"),
                           ("listen", "until it listens")):
        for way in ("notify", "descriptor"):
            ratio = report.ratio(START, "in turn", way, quantity, base="tini")
            if ratio is None:
                continue
            yield (f"start {what}, {way}: 1.2 x tini or less", fixed(ratio),
                   verdict(ratio <= 1.2),
                   "" if ratio <= 1.2 else start_floor(report, way, quantity))
        ratio = report.ratio(START, "in turn", "notify, -u", quantity,
                             base=CHAIN)
        if ratio is not None:
            yield (f"start {what}, from root: below half of the chain",
                   fixed(ratio), verdict(ratio < 0.5),
                   "" if ratio < 0.5 else "lowport's own start is most of it")


def start_floor(report, way, quantity):
    def time(other):
        return digits(report.median(START, "in turn", other, quantity))

    text = (f"executing the server alone takes {time('bare')} us, tini"
            f" {time('tini')}; ")
    if way == "descriptor":
        return text + ("the server waits until the policy is read, the sockets"
                       " are bound and the helper has confined itself")
    text += (f"lowport with nothing to intercept {time('descriptor')}; the rest"
             " loads the server's filter, which the kernel compiles, and tries"
             " a hand-off")
    return text + ("; the bind is a round trip to the helper"
                   if quantity == "listen" else "")


def call_goals(report):
    key = "calls", "bind", "notify", "p50"
    bind, later = report.median(*key), report.median(
        "calls", "bind-later", "notify", "p50")
    if bind is None:
        return
    trip = report.median("calls", "getsockname",
                         "notify --show-expected-port", "p50")
    yield ("bind by notify: below 40 us",
           f"{digits(bind)} us, with the spares used up {digits(later)}",
           verdict(max(bind, later) < 40),
           "" if max(bind, later) < 40 or trip is None else
           f"a round trip to the helper takes {digits(trip)} us here, by"
           " getsockname under --show-expected-port; a hand-off also reads 57"
           " options of the server's socket, and of a spare that was used, by"
           " one getsockopt(2) each")
    beside = [v / a for (_, v), (_, a) in zip(
        report.series.get(("calls", "bind-later beside", "notify", "p50"), []),
        report.series.get(("calls", "bind-later alone", "notify", "p50"), []))]
    if beside:
        ratio = of.quantile(beside, 0.5)
        yield ("bind by notify beside 1,000 processes: as alone",
               f"{fixed(ratio)} x", verdict(ratio < 1.1), "")
    above = report.differences("calls", "bind 2000 times", "bpf", "p50")
    if above:
        above = of.quantile(above, 0.5)
        yield ("bind by bpf: below 0.2 us more than bare",
               f"{1e3 * above:.0f} ns", verdict(above < 0.2), "")


def all_goals(report):
    yield from throughput_goals(report, "requests", "requests a second")
    yield from throughput_goals(report, "datagrams", "datagrams a second")
    yield from start_goals(report)
    yield from call_goals(report)


def tables(report):
    rows = [list(row) for row in all_goals(report)]
    return [Table("Goals", ["", "this run", "", "why"], rows, "A ratio misses"
                  " if its median is beyond the goal in 99 of 100 runs like"
                  " this one, by the spread of the rounds; if it is beyond by"
                  " less, the noise hides it.")] if rows else []

# SPDX-License-Identifier: ISC
"""usage: page.py RESULTS: prints them as one page, which needs nothing else."""
import sys
from html import escape

import goals
import plot
import report as of

STYLE = """
:root { color-scheme: light dark; --text: #1c1e21; --back: #fff; --soft: #5c636b;
  --grid: #e3e6ea; --ours: #0b63c5; --others: #b3541e; --base: #5c636b;
  --stripe: #f5f6f8; --good: #1a7f37; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --back: #16181b;
  --soft: #9aa3ad; --grid: #2e3338; --ours: #66b0ff; --others: #f0a070;
  --base: #aab2bb; --stripe: #1e2125; --good: #5fd07f; --bad: #ff8f85; } }
@media print { :root { --text: #000; --back: #fff; --soft: #444; --grid: #ddd;
  --ours: #0b63c5; --others: #b3541e; --base: #555; --stripe: #f5f5f5;
  --good: #1a7f37; --bad: #b42318; }
  svg, tr { break-inside: avoid; } h2, caption { break-after: avoid; }
  .wide { overflow: visible; } table { font-size: .62rem; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text);
  background: var(--back); max-width: 72rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.7rem; margin-bottom: 0; } h2 { margin: 2.6rem 0 .3rem;
  border-bottom: 1px solid var(--grid); }
p { max-width: 46rem; } .soft, .note { color: var(--soft); font-size: .9rem; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .85rem;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .2rem .6rem; text-align: right; vertical-align: top; }
th { color: var(--soft); font-weight: 500; vertical-align: bottom; }
th:first-child, td:first-child, .words td, .words th { text-align: left; }
tbody tr:nth-child(odd) { background: var(--stripe); }
.ours { color: var(--ours); fill: var(--ours); stroke: var(--ours); }
.others { color: var(--others); fill: var(--others); stroke: var(--others); }
.base { color: var(--base); fill: var(--base); stroke: var(--base); }
.met { color: var(--good); font-weight: 600; }
.missed { color: var(--bad); font-weight: 600; }
figure { display: grid; gap: 1rem 1.5rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
svg { display: block; width: 100%; max-width: 46rem;
  font: 12.5px system-ui, sans-serif; }
svg text { fill: var(--text); stroke: none; }
svg .tick, svg .value { fill: var(--soft); font-size: 11.5px; }
svg .title { font-weight: 600; font-size: 13.5px; }
svg .grid { stroke: var(--grid); } svg .spread { stroke-width: 2; opacity: .6; }
svg .reference { stroke: var(--text); stroke-dasharray: 3 3; }
svg polyline { fill: none; stroke-width: 2; }
svg text.off.ours { fill: var(--ours); } svg text.off.others { fill: var(--others); }
svg .l1 { stroke-dasharray: 7 3; } svg .l2 { stroke-dasharray: 2 3; }
"""


def kind_of(way):
    if way in of.BASE or way.startswith("a shell"):
        return "base"
    name = way.split(" --show")[0].split(",")[0]
    return "ours" if name in of.OURS else "others"


def cell(tag, words):
    kind = f' class="{words}"' if words in ("met", "missed") else ""
    return f"<{tag}{kind}>{escape(words)}</{tag}>"


def row_html(row):
    first = f'<td class="{kind_of(row[0])}">{escape(row[0])}</td>'
    return "<tr>" + first + "".join(cell("td", w) for w in row[1:]) + "</tr>"


def table_html(table, words=False):
    head = "".join(cell("th", name) for name in table.head)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    if words:
        body = "".join("<tr>" + "".join(cell("td", w) for w in row) + "</tr>"
                       for row in table.rows)
    else:
        body = "".join(map(row_html, table.rows))
    kind = ' class="words"' if words else ""
    return (f'<div class="wide"><table{kind}><caption>{escape(table.caption)}'
            f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
            f"</table></div>{note}")


def ratio_rows(read, part, case, quantity, ways, base="bare"):
    for way in ways:
        values = read.ratios(part, case, way, quantity, base=base)
        if values:
            spread = of.quartiles(values)
            yield way, kind_of(way), spread, f"{spread[1]:.2f} x"


def request_plots(read):
    for case in of.REQUEST_CASES:
        rows = list(ratio_rows(read, "requests", case, "rate",
                               of.WAY_ORDER[1:]))
        if rows:
            yield plot.dots(f"{of.heading(case)}: requests a second",
                            rows, "x bare", 0.8, 1.15, 1)
        rows = list(ratio_rows(read, "requests", case, "all time",
                               of.WAY_ORDER[1:]))
        if rows:
            yield plot.dots(f"{of.heading(case)}: processor time of a request", rows,
                            "x bare", 0.9, 1.5, 1)


def datagram_plots(read):
    rows = list(ratio_rows(read, "datagrams", "datagrams", "rate",
                           of.WAY_ORDER[1:]))
    if rows:
        yield plot.dots("Datagrams a second, by those of bare", rows, "x bare",
                        0.5, 1.2, 1)


def value_rows(read, part, case, quantity, ways, unit):
    for way in ways:
        values = read.values(part, case, way, quantity)
        if values:
            spread = of.quartiles(values)
            yield way, kind_of(way), spread, f"{of.digits(spread[1])} {unit}"


def start_plots(read):
    for quantity, title in (("exec", "Start to the server's main"),
                            ("listen", "Start until the server listens")):
        rows = list(value_rows(read, "start", "in turn", quantity,
                               of.START_ORDER, "us"))
        if rows:
            yield plot.dots(title, rows, "us", 0,
                            1.1 * max(r[2][2] for r in rows),
                            read.median("start", "in turn", "tini", quantity))


def bind_rows(read, case):
    for way in of.CALL_WAYS:
        spread = tuple(read.median("calls", case, way, q)
                       for q in ("p5", "p50", "p95"))
        if None not in spread:
            yield way, kind_of(way), spread, f"{of.digits(spread[1])} us"


def call_plots(read):
    for case, title in (("bind", "bind(2), spares fresh"),
                        ("bind-later", "bind(2), spares used up")):
        rows = list(bind_rows(read, case))
        if rows:
            yield plot.dots(title + ": median and 5-95 %", rows, "us", 0.5,
                            max(2000, 1.1 * max(r[2][2] for r in rows)), 40,
                            logarithmic=True)


def growth_plots(read):
    for what, quantity in (("ports", "start"), ("ports", "memory"),
                           ("ports", "bind"), ("ports", "rebinds"),
                           ("workers", "all listen"), ("workers", "helper"),
                           ("workers", "bind")):
        series = []
        for way in read.ways("growth"):
            pairs = of.points(read, what, way, quantity)
            if pairs:
                dash = {"preload": " l1", "bpf": " l2"}.get(way, "")
                series.append((way, kind_of(way) + dash, pairs))
        if series:
            unit, name = of.GROWING[quantity]
            yield plot.lines(f"{name}, by {what}", series, unit, what)


SECTIONS = (
    ("Requests", """Eight clients ask, wait for the whole answer, and ask again,
for 0.15 s at a time: latency and throughput are two sides of one figure.  In each
round every way is asked once in every case, in another order.  All that serves has
one processor, the clients another; each way has a network namespace of its own with
nothing but its loopback.  A latency is from the request on, or with a connection each
from connect(2) on, TLS handshake and all.  p999 is of all rounds together.  The line
over a dot spans the middle half of the rounds; what lies off the scale is drawn as an
arrow, with its number.""", of.request_tables, request_plots),
    ("Datagrams", """Eight sockets send 64 bytes to a server that returns them, and
wait for that.  One not returned within 20 ms is lost, and sent again.""",
     of.datagram_tables, datagram_plots),
    ("The start", """From vfork(2) to the first line of main of a small dynamic server,
and until its listen(2) has returned; the commands in another order each round.  The
dashed line is tini.""", of.start_tables, start_plots),
    ("System calls", """As the server feels them, by clock_gettime(2) around each.  The
dashed line is at 40 us.""", of.call_tables, call_plots),
    ("Memory", "", of.memory_tables, lambda read: ()),
    ("Growth", """Ports of 0.0.0.0, with one spare for each kind of bind: by notify and
preload each takes four descriptors of the helper, by bpf none.  The last column has
a + b n^k as it fits best; of rebinds a second it is the time of one.  Workers that
start at once wait for one helper, one after another: the wait of each grows with
their number, the helper's time for each must not.""", of.growth_tables, growth_plots),
)


def machine_html(read):
    m = read.machine
    compared = ", ".join(f"{k} {v}" for k, v in m["versions"].items())
    parts = "; ".join(f"{name}: {row['seconds']:.0f} s, load before"
                      f" {row['load']:.1f}, stolen {row['stolen']:.1%}"
                      + (row["cut_short"] and f", only {row['cut_short']}")
                      for name, row in read.parts.items())
    return (f"<p>{escape(m['processor'])}, {m['cores']} processors"
            f"{', virtual' if m['virtual'] else ''}, {m['memory']};"
            f" {escape(m['kernel'])} ({m['architecture']});"
            f" {escape(m['distribution'])}. Run as {m['user']},"
            f" {m['date']}, {escape(m['lowport'])}.</p>"
            f'<p class="soft">Beside {escape(compared)}. {escape(parts)}.</p>')


def main():
    read = of.Report(sys.argv[1])
    out = ['<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
           '<meta name="viewport" content="width=device-width">'
           f"<title>What lowport costs</title><style>{STYLE}</style></head>"
           "<body><h1>What lowport costs</h1>", machine_html(read),
           '<p>Everything was measured in one run, in turn, on the loopback of'
           ' network namespaces. Figures are medians; <span class="ours">ours'
           '</span>, <span class="others">others</span>, and <span'
           ' class="base">without either</span>. Bare is the server on its own'
           " port. <code>make bench</code> does it again.</p>"]
    out += [f'<p class="missed">{w}</p>' for w in goals.warnings(read)]
    out += [table_html(table, True) for table in goals.tables(read)]
    for title, words, tables, plots in SECTIONS:
        made = [table_html(table) for table in tables(read)]
        if made:
            out += [f"<h2>{title}</h2><p>{words}</p>", made[0], "<figure>",
                    *plots(read), "</figure>", *made[1:]]
    out += ["<h2>Left out</h2>"] + [table_html(table, True) for table in
                                    of.left_out_tables(read)]
    print("\n".join(out) + "</body></html>")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: ISC
"""Plots as inline SVG; the page's style sheet has the colours."""
import math
from html import escape

WIDTH, LABEL, ROW = 540, 158, 21


class Scale:
    def __init__(self, low, high, start, end, logarithmic=False):
        self.log = logarithmic
        self.low, self.high = self.place(low), self.place(high)
        self.start, self.end = start, end

    def place(self, value):
        return math.log10(value) if self.log else value

    def __call__(self, value):
        share = (self.place(value) - self.low) / ((self.high - self.low) or 1)
        return self.start + min(1, max(0, share)) * (self.end - self.start)


def ticks(low, high, logarithmic):
    if logarithmic:
        powers = range(math.floor(math.log10(low)),
                       math.ceil(math.log10(high)) + 1)
        steps = (1, 2, 5) if len(powers) < 4 else (1,)
        found = [step * 10 ** power for power in powers for step in steps]
    else:
        size = 10 ** math.floor(math.log10((high - low) / 4))
        step = next(size * s for s in (1, 2, 2.5, 5, 10)
                    if (high - low) / (size * s) <= 6)
        first = math.ceil(low / step - 1e-9)
        found = [step * n for n in range(first, first + 12)]
    return [t for t in found if low * (1 - 1e-9) <= t <= high * (1 + 1e-9)]


def short(value):
    for size, sign in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{sign}"
    return f"{value:.4g}"


def text(x, y, words, anchor="start", kind=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
            f' class="{kind}">{escape(words)}</text>')


def line(x1, y1, x2, y2, kind):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
            f' class="{kind}"/>')


def svg(width, height, title, parts):
    return (f'<svg viewBox="0 0 {width} {height}" role="img"'
            f' aria-label="{escape(title)}"><title>{escape(title)}</title>'
            + "".join(parts) + "</svg>")


def dots(title, rows, unit, low, high, reference=None, logarithmic=False):
    """Rows are (label, kind, (lower, middle, upper), words): a dot, a line over
    the spread, and words at the end.  What is off the scale is drawn at its
    edge, and has its number all the same."""
    bottom = 26 + ROW * len(rows)
    x = Scale(low, high, LABEL + 8, WIDTH - 86, logarithmic)
    parts = [text(0, 14, title, kind="title")]
    for tick in ticks(low, high, logarithmic):
        parts.append(line(x(tick), 24, x(tick), bottom, "grid"))
        parts.append(text(x(tick), bottom + 15, short(tick), "middle", "tick"))
    parts.append(text(WIDTH, bottom + 15, unit, "end", "tick"))
    if reference is not None:
        parts.append(line(x(reference), 22, x(reference), bottom, "reference"))
    for number, (label, kind, (lower, middle, upper), words) in enumerate(rows):
        y = 26 + ROW * (number + 0.5)
        parts.append(text(LABEL, y + 4, label, "end"))
        if low <= middle <= high:
            parts.append(line(x(lower), y, x(upper), y, f"spread {kind}"))
            parts.append(f'<circle cx="{x(middle):.1f}" cy="{y:.1f}" r="4.5"'
                         f' class="{kind}"/>')
        else:
            parts.append(text(x(middle), y + 4, "\u25c2" if middle < low else
                              "\u25b8", "middle", f"off {kind}"))
        parts.append(text(WIDTH - 78, y + 4, words, kind="value"))
    return svg(WIDTH, bottom + 22, title, parts)


def lines(title, series, unit, across):
    """Series are (label, kind, [(n, value)]): logarithms, both ways."""
    height = 270
    values = [v for _, _, pairs in series for _, v in pairs]
    numbers = [n for _, _, pairs in series for n, _ in pairs]
    low, high = min(values) / 1.5, max(values) * 1.5
    x = Scale(min(numbers), max(numbers), 60, WIDTH - 90, True)
    y = Scale(low, high, height - 40, 30, True)
    parts = [text(0, 14, f"{title}, {unit}", kind="title")]
    for tick in ticks(low, high, True):
        parts.append(line(60, y(tick), WIDTH - 90, y(tick), "grid"))
        parts.append(text(54, y(tick) + 4, short(tick), "end", "tick"))
    for number in sorted(set(numbers)):
        parts.append(text(x(number), height - 22, f"{number:,}", "middle",
                          "tick"))
    parts.append(text(WIDTH - 90, height - 4, across, "end", "tick"))
    taken = []
    for label, kind, pairs in sorted(series, key=lambda s: s[2][-1][1]):
        path = " ".join(f"{x(n):.1f},{y(v):.1f}" for n, v in pairs)
        parts.append(f'<polyline points="{path}" class="{kind}"/>')
        parts += [f'<circle cx="{x(n):.1f}" cy="{y(v):.1f}" r="3.5"'
                  f' class="{kind}"/>' for n, v in pairs]
        end = y(pairs[-1][1])
        while any(abs(end - other) < 14 for other in taken):
            end -= 1
        taken.append(end)
        parts.append(text(x(pairs[-1][0]) + 10, end + 4, label))
    return svg(WIDTH, height, title, parts)

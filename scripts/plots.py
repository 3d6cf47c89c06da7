"""Lines over time as one SVG that needs nothing else. For the scripts beside."""
import math
from html import escape

WIDTH, LEFT, RIGHT, TOP, HEIGHT, GAP = 760, 70, 22, 34, 150, 66
STYLE = """
svg { background: #fbfbfa; } text { font: 12px system-ui, sans-serif; fill: #1c2126; }
.tick { fill: #5d6770; } .grid { stroke: #dfe3e6; } .band { fill: #e3ecf6; }
.mark { stroke: #d6453d; stroke-dasharray: 5 3; } .red { fill: #d6453d; }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; } .title { font-weight: 600; }
.f0 { stroke: #2f6fb5; } .f1 { stroke: #d07a1c; } .f2 { stroke: #7d4fc4; } .f3 { stroke: #11897a; }
@media (prefers-color-scheme: dark) {
  svg { background: #14181b; } text { fill: #e6e9eb; } .tick { fill: #9aa5ae; }
  .grid { stroke: #323a41; } .band { fill: #26384b; }
  .f0 { stroke: #6aa6e8; } .f1 { stroke: #e9a04d; }
  .f2 { stroke: #b08cf0; } .f3 { stroke: #3fbfab; }
}"""


class Panel:
    """One plot: lines by their names, each a list of (x, y); `mark` is a level to be kept below."""

    def __init__(self, title, lines, mark=None, logarithmic=False):
        self.title, self.lines, self.mark, self.logarithmic = title, lines, mark, logarithmic

    def scale(self):
        values = [y for line in self.lines.values() for _, y in line if not math.isnan(y)]
        if self.mark is not None:
            values.append(self.mark)
        if not self.logarithmic:
            step = nice(max(values + [1e-9]) / 4)
            count = math.ceil(max(values + [1e-9]) / step)
            return [i * step for i in range(count + 1)]
        positive = [y for y in values if y > 0]
        first = math.floor(math.log10(min(positive)))
        last = max(first + 1, math.ceil(math.log10(max(positive))))
        return [10.0 ** i for i in range(first, last + 1)]


def nice(step):
    ten = 10 ** math.floor(math.log10(step))
    return next(ten * each for each in (1, 2, 2.5, 5, 10) if ten * each >= step * 0.999)


def number(value):
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"


def draw(panels, seconds, bands=()):
    """The panels one below the other, from 0 to `seconds`; bands are (from, to) in seconds."""
    height = TOP + len(panels) * (HEIGHT + GAP) - 16
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
           f"<style>{STYLE}</style>"]
    for i, panel in enumerate(panels):
        out += drawn(panel, TOP + i * (HEIGHT + GAP), seconds, bands)
    return "\n".join(out + ["</svg>\n"])


def drawn(panel, top, seconds, bands):
    ticks = panel.scale()
    bottom = top + HEIGHT

    def across(x):
        return LEFT + (WIDTH - LEFT - RIGHT) * x / seconds

    def up(y):
        low, high = ticks[0], ticks[-1]
        if panel.logarithmic:
            y, low, high = (math.log10(max(each, low)) for each in (y, low, high))
        return bottom - HEIGHT * (y - low) / (high - low)

    for begin, end in bands:
        yield (f'<rect class="band" x="{across(begin):.1f}" y="{top}" '
               f'width="{across(end) - across(begin):.1f}" height="{HEIGHT}"/>')
    yield f'<text class="title" x="{LEFT}" y="{top - 12}">{escape(panel.title)}</text>'
    for tick in ticks:
        yield (f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up(tick):.1f}" '
               f'y2="{up(tick):.1f}"/><text class="tick" x="{LEFT - 7}" y="{up(tick) + 4:.1f}" '
               f'text-anchor="end">{number(tick)}</text>')
    step = nice(seconds / 8)
    for i in range(int(seconds / step + 1e-6) + 1):
        yield (f'<text class="tick" x="{across(i * step):.1f}" y="{bottom + 17}" '
               f'text-anchor="middle">{number(i * step)} s</text>')
    if panel.mark is not None:
        yield (f'<line class="mark" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up(panel.mark):.1f}" '
               f'y2="{up(panel.mark):.1f}"/>')
    at = WIDTH - RIGHT
    for i, (name, line) in reversed(list(enumerate(panel.lines.items()))):
        at -= 7 * len(name) + 26
        yield (f'<line class="line f{i % 4}" x1="{at}" x2="{at + 14}" y1="{top - 16}" '
               f'y2="{top - 16}"/><text x="{at + 19}" y="{top - 12}">{escape(name)}</text>')
        for part in parts(line):
            points = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in part)
            yield f'<polyline class="line f{i % 4}" points="{points}"/>'


def parts(line):
    """The stretches of a line between values that are not there."""
    part = []
    for x, y in line:
        if math.isnan(y):
            if part:
                yield part
            part = []
        else:
            part.append((x, y))
    if part:
        yield part

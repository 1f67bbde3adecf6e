"""Lines over time as an SVG, one panel below the other.

Path("soak.svg").write_text(svg([Panel("memory, MiB", {"flask": [(0, 90), (1, 91)]})], "minutes"))
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]

WIDTH, HEIGHT, LEFT, RIGHT, GAP = 760, 150, 62, 18, 34
FONT = 'font-family="sans-serif" font-size="12" fill="#222"'
# Told apart by those who see few colours too, and by their dashes.
STYLES = (("#0b6e4f", ""), ("#1f4e9c", "7 3"), ("#b3471b", "2 3"))


@dataclass(frozen=True)
class Panel:
    """What is measured, with its unit, and the points of each line by its name."""

    title: str
    lines: Mapping[str, Sequence[Point]]


def svg(panels: Sequence[Panel], across: str) -> str:
    """The panels on a white ground, each from zero up, with what the lines are above them."""
    height = 30 + len(panels) * (HEIGHT + GAP) + 22
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {FONT}>',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    x = float(LEFT)
    for name, (colour, dashes) in zip(panels[0].lines, STYLES, strict=False):
        parts.append(_line([(x, 16), (x + 28, 16)], colour, dashes))
        parts.append(f'<text x="{x + 34}" y="20">{escape(name)}</text>')
        x += 48 + 6.6 * len(name)
    top = 30.0
    for panel in panels:
        parts += _panel(panel, top + GAP - 10)
        top += HEIGHT + GAP
    parts.append(f'<text x="{WIDTH / 2}" y="{height - 6}" text-anchor="middle">{across}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, top: float) -> list[str]:
    points = [point for line in panel.lines.values() for point in line]
    last = max(x for x, _ in points) or 1.0
    most = _round_up(max(y for _, y in points) or 1.0)
    parts = [f'<text x="{LEFT}" y="{top - 6}" font-weight="bold">{escape(panel.title)}</text>']

    def place(x: float, y: float) -> Point:
        across = LEFT + x / last * (WIDTH - LEFT - RIGHT)
        return across, top + HEIGHT - GAP / 2 - y / most * (HEIGHT - GAP / 2)

    for part in (0, 0.5, 1):
        (_, y) = place(0, most * part)
        parts.append(_line([(LEFT, y), (WIDTH - RIGHT, y)], "#ccc", "", 1))
        label = f"{most * part:g}"
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for part in range(7):
        (x, y) = place(last * part / 6, 0)
        minute = f"{last * part / 6:.0f}" if last >= 6 else f"{last * part / 6:.1f}"
        parts.append(f'<text x="{x:.1f}" y="{y + 14:.1f}" text-anchor="middle">{minute}</text>')
    for line, (colour, dashes) in zip(panel.lines.values(), STYLES, strict=False):
        parts.append(_line([place(x, y) for x, y in line], colour, dashes))
    return parts


def _line(points: Sequence[Point], colour: str, dashes: str, width: float = 1.8) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>'


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 5, 6, 8, 10 times a power of ten."""
    power = 10.0 ** (len(str(int(value))) - 1)
    return next(
        step * power for step in (1.0, 2.0, 4.0, 5.0, 6.0, 8.0, 10.0) if step * power >= value
    )

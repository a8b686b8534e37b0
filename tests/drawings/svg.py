"""A picture as SVG, small and deterministic: it is compared byte for byte, and follows the reader's light or dark."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

WIDTH = 860
_STYLE = """
  svg { font: 14px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; }
  .paper { fill: #ffffff; stroke: #d8dde4; }
  text { fill: #1d2733; }
  .head { font-size: 17px; font-weight: 600; }
  .soft { fill: #5c6b7c; font-size: 12.5px; }
  .bold { font-weight: 600; }
  .rule { stroke: #d8dde4; stroke-width: 1; fill: none; }
  .mark { stroke: #b3261e; stroke-width: 1.8; fill: none; stroke-dasharray: 6 4; }
  .ink { stroke: #1d2733; stroke-width: 1.6; fill: none; }
  .dot { fill: #1d2733; }
  .shade { fill: #eef1f5; }
  .c0 { fill: #2f6fc4; } .c1 { fill: #2c8a62; } .c2 { fill: #c2702a; } .c3 { fill: #8a5bb5; } .c4 { fill: #2a8f9c; }
  .c5 { fill: #b4497a; } .c6 { fill: #7d7a2c; } .c7 { fill: #5a6fb0; } .c8 { fill: #a3553c; } .c9 { fill: #4d8b3c; }
  .c10 { fill: #6b7683; } .c11 { fill: #9a6a1f; } .c12 { fill: #3f7f8f; } .c13 { fill: #a04f97; }
  .yes { fill: #2c8a62; } .no { fill: #b3261e; } .open { fill: #b07a12; } .none { fill: #98a4b3; }
  text.on { fill: #ffffff; font-weight: 600; }
  text.yes { fill: #1f6f4d; } text.no { fill: #b3261e; } text.open { fill: #8a5d06; }
  .faint { opacity: 0.28; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #151b23; stroke: #323c48; }
    text { fill: #e4eaf1; }
    .soft { fill: #9fadbd; }
    .rule { stroke: #323c48; }
    .mark { stroke: #ff8a80; }
    .ink { stroke: #e4eaf1; }
    .dot { fill: #e4eaf1; }
    .shade { fill: #202a35; }
    text.yes { fill: #6fd3a5; } text.no { fill: #ff8a80; } text.open { fill: #f0bd57; }
  }
"""


class Picture:
    """A drawing that is being made. Coordinates are pixels from the upper left."""

    def __init__(self, title: str, says: str, height: float) -> None:
        """`title` stands above it; `says` is what it shows, for whoever cannot see it."""
        self._height, self._says = height, says
        self._parts: list[str] = []
        self.rect(0.5, 0.5, WIDTH - 1, height - 1, "paper", round_=10)
        self.text(24, 34, title, "head")

    def text(self, x: float, y: float, text: str, style: str = "", *, anchor: str = "start") -> None:
        more = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self._parts.append(f'<text x="{_n(x)}" y="{_n(y)}"{_class(style)}{more}>{escape(text)}</text>')

    def rect(
        self, x: float, y: float, wide: float, high: float, style: str, *, round_: float = 0, tip: str = ""
    ) -> None:
        corner = f' rx="{_n(round_)}"' if round_ else ""
        size = f'width="{_n(wide)}" height="{_n(high)}"'
        self._add(f'<rect x="{_n(x)}" y="{_n(y)}" {size}{corner}{_class(style)}', "rect", tip)

    def line(self, x: float, y: float, to_x: float, to_y: float, style: str = "rule") -> None:
        self._add(f'<line x1="{_n(x)}" y1="{_n(y)}" x2="{_n(to_x)}" y2="{_n(to_y)}"{_class(style)}', "line")

    def dot(self, x: float, y: float, radius: float, style: str = "dot", *, tip: str = "") -> None:
        self._add(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"{_class(style)}', "circle", tip)

    def area(self, points: Sequence[tuple[float, float]], style: str, *, tip: str = "") -> None:
        at = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self._add(f'<polygon points="{at}"{_class(style)}', "polygon", tip)

    def stroke(self, points: Sequence[tuple[float, float]], style: str = "ink") -> None:
        at = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self._add(f'<polyline points="{at}"{_class(style)}', "polyline")

    def svg(self) -> str:
        """The whole file."""
        size = f'viewBox="0 0 {WIDTH} {_n(self._height)}" width="{WIDTH}" height="{_n(self._height)}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(self._says)}>'
        return "\n".join([head, f"<style>{_STYLE}</style>", *self._parts, "</svg>", ""])

    def _add(self, opened: str, tag: str, tip: str = "") -> None:
        self._parts.append(f"{opened}><title>{escape(tip)}</title></{tag}>" if tip else f"{opened}/>")


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _class(style: str) -> str:
    return f' class="{style}"' if style else ""

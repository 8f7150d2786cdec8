"""What pictures of a P2M are drawn with: boxes, lines and text, in few colours. Nothing comes from outside: no font, no
script, no style sheet. All text is monospaced, so that what fits is known without a renderer."""

from __future__ import annotations

from xml.sax.saxutils import escape

from patcher.escape import safe
from patcher.prove.picture import Kind

WIDTH, MARGIN = 1320, 24
SIZE, TITLE = 11, 16  # of text, in pixels
ADVANCE = 0.64  # of a monospaced letter, in parts of its size: the widest there are, and renderers round up
ROW, HEAD, GAP = 17, 22, 14
FONT = "DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, monospace"
FILL = {Kind.RAM: "#d5ecd4", Kind.IDENTITY: "#cfe0f8", Kind.MISSING: "#e7e7e7", Kind.FOREIGN: "#eedcf5",
        Kind.STRAY: "#fbd5cf"}  # fmt: skip
LINE = {Kind.RAM: "#2f7a33", Kind.IDENTITY: "#1f5fb0", Kind.MISSING: "#6b6b6b", Kind.FOREIGN: "#7d3c98",
        Kind.STRAY: "#b03020"}  # fmt: skip
OTHER, OTHER_LINE = "#f6dfae", "#8a6410"  # in the memory map: what is no RAM
INK, PALE, FRAME = "#1a1a1a", "#555555", "#404040"
PAPER, TITLED, CHANGED = "#ffffff", "#f1efe8", "#d9480f"


class Canvas:
    """Elements of an SVG picture. ``name`` goes before its ids, so that several can be in one document."""

    def __init__(self, name: str = "") -> None:
        self.parts: list[str] = []
        self.name = name

    def text(self, x: float, y: float, text: str, *, size: int = SIZE, right: bool = False, fill: str = INK,
             bold: bool = False, room: float = WIDTH - 2 * MARGIN) -> None:  # fmt: skip
        """Text with its baseline at ``y``; cut where it would take more than ``room``."""
        text = clean(text)
        most = int(room / (size * ADVANCE))
        if len(text) > most:
            text = text[: max(0, most - 1)] + "…"
        more = ' text-anchor="end"' if right else ""
        more += ' font-weight="bold"' if bold else ""
        more += f' font-size="{size}"' if size != SIZE else ""
        more += f' fill="{fill}"' if fill != INK else ""
        self.parts.append(f'<text x="{px(x)}" y="{px(y)}"{more}>{escape(text)}</text>')

    def box(self, x: float, y: float, width: float, height: float, fill: str, line: str = "", name: str = "") -> None:
        stroke = f' stroke="{line}"' if line else ""
        kind = f' class="{name}"' if name else ""
        where = f'x="{px(x)}" y="{px(y)}" width="{px(width)}" height="{px(height)}"'
        self.parts.append(f'<rect{kind} {where} fill="{fill}"{stroke}/>')

    def path(self, shape: str, line: str, *, arrow: bool = True, width: float = 1.2) -> None:
        end = f' marker-end="url(#{self.name}to{line[1:]})"' if arrow else ""
        self.parts.append(f'<path d="{shape}" fill="none" stroke="{line}" stroke-width="{width}"{end}/>')

    def arrows(self) -> str:
        """The ends of arrows, one for each colour of lines."""
        return "".join(
            f'<marker id="{self.name}to{each[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            f'markerHeight="7" orient="auto"><path d="M0 0.5L8 4L0 7.5z" fill="{each}"/></marker>'
            for each in sorted({FRAME, *LINE.values()})
        )

    def dot(self, x: float, y: float, fill: str) -> None:
        self.parts.append(f'<circle cx="{px(x)}" cy="{px(y)}" r="2.4" fill="{fill}"/>')


def px(value: float) -> str:
    """A number of pixels, as short as it can be."""
    return f"{value:.1f}".removesuffix(".0")


def clean(text: str) -> str:
    """The text without what XML can't hold."""
    return "".join(each for each in safe(text) if each not in "\ufffe\uffff")

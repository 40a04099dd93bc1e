"""What a terminal showed, as a picture that moves: an SVG with nothing but styles, which plays by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from rich.color import blend_rgb
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

_CHARACTER, _LINE = 8.4, 19.0  # a pixel or so more than a font of 14 pixels needs
_LEFT, _TOP = 14.0, 46.0
_BASE = """
.t{font:14px "Fira Code",Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}
.n{font:bold 13px arial,sans-serif}
.r{visibility:hidden;animation:%(seconds)ss step-end infinite}
.e{visibility:visible}
@media(prefers-reduced-motion:reduce){.r{animation:none!important}}
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """What is on a terminal from a time on: its lines, with their colours as ANSI has them."""

    seconds: float
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A line in one place, for as long as it is there."""

    row: int
    line: str
    since: float
    until: float


def animated(frames: Sequence[Frame], columns: int, title: str, rest: float) -> str:
    """Return the frames one after the other, the last one for `rest` seconds, and then from the start again.

    Whoever wants no motion sees the last one.
    """
    length = round(frames[-1].seconds + rest, 2)
    colours: dict[str, str] = {}
    times: dict[tuple[float, float], str] = {}
    rows = [
        _row(shown, times.setdefault((shown.since, shown.until), f"k{len(times)}"), length, colours)
        for shown in _shown(frames, length)
        if shown.line
    ]
    height = _TOP + _LINE * max(len(frame.lines) for frame in frames) + 6
    width = 2 * _LEFT + _CHARACTER * columns
    styles = [_BASE % {"seconds": f"{length:g}"}]
    styles += [f".{name}{{{style}}}\n" for style, name in colours.items()]
    styles += [_keyframes(name, since, until, length) for (since, until), name in times.items()]
    return "".join(
        [
            f'<svg viewBox="0 0 {width:g} {height:g}" xmlns="http://www.w3.org/2000/svg" role="img">\n',
            f"<title>{escape(title)}</title>\n<style>{''.join(styles)}</style>\n",
            f'<rect fill="#292929" width="{width:g}" height="{height:g}" rx="8"/>\n',
            *(
                f'<circle cx="{20 + 20 * place}" cy="18" r="6" fill="{colour}"/>\n'
                for place, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
            ),
            f'<text class="n" fill="#c5c8c6" text-anchor="middle" x="{width / 2:g}" y="23">',
            f"{escape(title)}</text>\n",
            *rows,
            "</svg>\n",
        ]
    )


def _shown(frames: Sequence[Frame], length: float) -> Iterator[_Shown]:
    """Yield each line once for each time that it stays unchanged where it is."""
    since: dict[int, tuple[str, float]] = {}
    for frame in (*frames, Frame(length, ())):
        for row in range(max(len(frame.lines), max(since, default=-1) + 1)):
            line = frame.lines[row] if row < len(frame.lines) else ""
            before = since.get(row)
            if before is not None and (before[0] != line or frame.seconds == length):
                yield _Shown(row, before[0], before[1], frame.seconds)
            if before is None or before[0] != line:
                since[row] = line, frame.seconds


def _row(shown: _Shown, name: str, length: float, colours: dict[str, str]) -> str:
    parts = []
    column = 0
    for segment in _segments(shown.line):
        width = segment.cell_length
        if segment.text.strip():
            style = colours.setdefault(_css(segment.style or Style.null()), f"c{len(colours)}")
            at, wide = _LEFT + _CHARACTER * column, _CHARACTER * width
            text = escape(segment.text, quote=False).replace(" ", "\N{NO-BREAK SPACE}")
            parts.append(f'<tspan class="{style}" x="{at:g}" textLength="{wide:g}">{text}</tspan>')
        column += width
    last = " e" if shown.until == length else ""
    return (
        f'<text class="t r{last}" style="animation-name:{name}" y="{_TOP + _LINE * shown.row:g}">'
        f"{''.join(parts)}</text>\n"
    )


def _segments(line: str) -> Iterator[Segment]:
    console = Console(width=500, color_system="truecolor", force_terminal=True)
    segments = console.render(Text.from_ansi(line), console.options)
    yield from Segment.simplify(segment for segment in segments if segment.text != "\n")


def _css(style: Style) -> str:
    theme = SVG_EXPORT_THEME
    given = style.color
    colour = theme.foreground_color if given is None else given.get_truecolor(theme)
    if style.dim:
        colour = blend_rgb(colour, theme.background_color, 0.4)
    return f"fill:{colour.hex}" + (";font-weight:bold" if style.bold else "")


def _keyframes(name: str, since: float, until: float, length: float) -> str:
    begin, end = (f"{100 * at / length:.3f}".rstrip("0").rstrip(".") for at in (since, until))
    shown, hidden = "visibility:visible", "visibility:hidden"
    stops = [] if since == 0 else [f"0%{{{hidden}}}"]
    stops.append(f"{begin}%{{{shown}}}")
    stops.append(f"{end}%{{{shown if until == length else hidden}}}")
    return f"@keyframes {name}{{{''.join(stops)}}}\n"

"""The inks of plots and reports: colour-blind-safe (Okabe & Ito 2008), the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

LIGHT = {"page": "#fbfbfa", "panel": "#ffffff", "line": "#e4e4e1", "text": "#1d1d1b", "quiet": "#6a6a66"}
LIGHT |= {"accent": "#0072b2", "sky": "#56b4e9"}
DARK = {"page": "#161615", "panel": "#1f1f1d", "line": "#343431", "text": "#ececea", "quiet": "#a3a39e"}
DARK |= {"accent": "#56b4e9", "sky": "#b5def5"}

BLUE = LIGHT["accent"]
_OWN = {"auto": BLUE, "margin": "#d55e00", "badge": "#009e73", "entropy": "#cc79a7", "random": "#7f7f7f"}
_OTHERS = ("#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#d55e00", BLUE)
_DASHES: tuple[Any, ...] = ("solid", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))


class Ink(NamedTuple):
    """How a strategy's line looks; the lead is drawn last and named in bold."""

    colour: str
    dash: Any
    width: float
    layer: float
    lead: bool


def inks(names: Sequence[str]) -> dict[str, Ink]:
    """Give every strategy an ink of its own: the known ones theirs, the others the free colours, then dashes.

    Blue is for the robust choice: auto, else uherding, else the lead, the first one that is not random.

    >>> [inks(["random", "uherding", "margin"])[n].colour for n in ("random", "uherding", "margin")]
    ['#7f7f7f', '#0072b2', '#d55e00']
    """
    lead = next((n for n in names if n != "random"), None)
    blue = next((n for n in ("auto", "uherding", lead) if n in names), None)
    own = {n: BLUE if n == blue and n not in _OWN else _OWN[n] for n in names if n in _OWN or n == blue}
    taken = set(own.values())
    free = [(c, dash) for dash in _DASHES for c in _OTHERS if dash != "solid" or c not in taken]
    rest = dict(zip([n for n in names if n not in own], free, strict=False))
    looks = {n: (own[n], "solid") if n in own else rest.get(n, free[-1]) for n in names}
    return {n: _ink(n, looks[n], n == lead) for n in names}


def _ink(name: str, look: tuple[str, Any], lead: bool) -> Ink:
    if name == "random":
        return Ink(*look, width=1.3, layer=2.0, lead=False)
    return Ink(*look, width=2.4 if lead else 1.8, layer=4.0 if lead else 3.0, lead=lead)

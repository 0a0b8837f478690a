"""Any strategy, on arrays, without a study."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from querist._arrays import Floats, Rows
from querist._check import check_shapes, check_values, require
from querist._draw import Draw, key_of, keys_of
from querist._load import make
from querist.errors import BadData, BadEvidence, BadInput, MissingEvidence, near
from querist.scores.estimates import Estimate
from querist.strategies.protocol import Strategy, contenders, host
from querist.view import NEEDS, Head, Need, Ragged, Selection, View

TARGETS = 10_000
Groups: TypeAlias = NDArray[np.int64]


def query(
    strategy: str | Strategy,
    n: int,
    *,
    seed: int | None = None,
    ids: Sequence[object] | None = None,
    labelled: Mapping[str, Any] | None = None,
    labels: ArrayLike | None = None,
    votes: Ragged | None = None,
    targets: Mapping[str, Any] | None = None,
    group: ArrayLike | None = None,
    time: ArrayLike | None = None,
    **evidence: Any,
) -> Rows:
    """Choose the n rows to label next; positions into the rows, best first.

    ``strategy`` is a name from ``querist strategies``, with options if you like (``"power-bald(beta=4)"``), or a
    strategy object. Evidence goes by its name: probs [N, C], decision [N, C], draws [N, K, C], embed [N, D], cost [N] …
    ``labelled`` is a mapping of the same names for the L rows already asked, ``labels`` their class codes (for a
    regression strategy real numbers, NaN where the answer is pending); with "ids" among them, rows of the same id may
    be asked again by a strategy that does so; ``targets`` the rows on which coverage is measured (default: a keyed
    sample of 10,000 of pool and labelled); ``group`` names what belongs together, ``time`` says when a row was within
    its group, both among ``labelled`` too where a strategy looks at them there. With ``ids`` the choice does not depend
    on the order of the rows. ``seed`` settles chance and ties; None draws one.

    Raises BadEvidence, MissingEvidence, UnknownName. Cost: see the strategy.

    >>> import numpy as np
    >>> probs = np.array([[0.9, 0.1], [0.55, 0.45], [0.2, 0.8]])
    >>> query("entropy", 2, probs=probs, seed=0).tolist()
    [1, 2]
    >>> embed = np.array([[0.0, 0.0], [0.1, 0.0], [5.0, 5.0]])
    >>> query("k-center", 1, embed=embed, labelled={"embed": np.zeros((1, 2))}, seed=0).tolist()
    [2]
    """
    chosen = choose(
        strategy, n, seed=seed, ids=ids, labelled=labelled, labels=labels, votes=votes, targets=targets, group=group,
        time=time, **evidence,
    )  # fmt: skip
    return chosen.rows


def choose(strategy: str | Strategy, n: int, *, seed: int | None = None, **rows: Any) -> Selection:
    """Do what ``query`` does, and give the whole Selection: values, propensities and reason beside the rows.

    >>> import numpy as np
    >>> choose("least-confidence", 1, probs=np.array([[0.9, 0.1], [0.75, 0.25]])).value.tolist()
    [0.25]
    """
    rule, name = resolve(strategy)
    if not isinstance(n, int | np.integer) or n < 0:
        raise BadInput(f"n must be a whole number, 0 or more: got {n!r}")
    named = rows.get("ids") is not None
    view = _view(rule, name, rows)
    estimate = rule.estimate(view)  # of a large pool; it reads what the check would read, and does that on the way
    check_values(view, sound=None if estimate is None else estimate.sound)
    order = np.argsort(view.keys, kind="stable") if named else None
    if order is not None:
        view, estimate = view.take(order), None if estimate is None else estimate.take(order)
    chosen = choose_from(rule, _with_targets(view, rule), n=int(n), draw=Draw(_seed(seed)), estimate=estimate)
    return replace(chosen, rows=chosen.rows if order is None else order[chosen.rows])


def choose_from(rule: Strategy, view: View, *, n: int, draw: Draw, estimate: Estimate | None = None) -> Selection:
    """Score and select on one view; the checks are done before, the estimate perhaps."""
    if len(view) == 0 or n == 0:
        return Selection(np.empty(0, np.intp), np.empty(0))
    n = min(n, len(view))
    rows = contenders(estimate or rule.estimate(view), n)
    part = view if rows is None else view.take(rows)
    chosen = rule.select(part, host(rule.score(part, draw)), n=n, draw=draw)
    return chosen if rows is None else replace(chosen, rows=rows[chosen.rows])


def resolve(strategy: str | Strategy) -> tuple[Strategy, str]:
    """Give the strategy object and its name."""
    if isinstance(strategy, str):
        rule: Strategy = make("strategies", strategy)
        return rule, strategy.partition("(")[0]
    return strategy, type(strategy).__name__


def _seed(seed: int | None) -> int:
    return int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else int(seed)


def _view(rule: Strategy, name: str, rows: dict[str, Any]) -> View:
    """Put the evidence together; its numbers are not checked yet."""
    labelled, labels, targets = rows.pop("labelled", None), rows.pop("labels", None), rows.pop("targets", None)
    votes, ids, group = rows.pop("votes", None), rows.pop("ids", None), rows.pop("group", None)
    time = rows.pop("time", None)
    labelled, placed = _placed(labelled)
    group, theirs = _grouped(group, placed.get("group"))
    view = _rows(rows, ids, group)
    if time is not None:
        view = replace(view, time=_times(time, len(view)))
    if labelled is not None:
        view = replace(_with_labelled(view, labelled, labels, rule.context), votes=votes)
        view = replace(view, labelled=_dated(view.labelled, theirs, placed.get("time")))
    elif labels is not None or votes is not None:
        raise BadInput("labels and votes belong to rows already asked: pass labelled={…}, their evidence, as well")
    if targets is not None:
        view = replace(view, targets=_part("targets", targets, prefix="target/"))
    check_shapes(view)
    require(view, name, needs=rule.needs, either=rule.either, context=rule.context)
    return view


def _placed(labelled: Any) -> tuple[Any, dict[str, Any]]:
    """Part what labelled rows are, group and time, from their evidence."""
    if not isinstance(labelled, Mapping):
        return labelled, {}
    told = {name: labelled[name] for name in ("group", "time") if name in labelled}
    rest = {name: value for name, value in labelled.items() if name not in told}
    if told and not rest:  # nothing else is said of them
        rest["ids"] = [f"labelled/{at}" for at in range(np.size(next(iter(told.values()))))]
    return rest, told


def _grouped(own: ArrayLike | None, theirs: ArrayLike | None) -> tuple[Groups | None, Groups | None]:
    """Number the groups of the rows and of the labelled rows alike."""
    if own is None:
        return None, None
    names = [np.asarray(part).ravel() for part in (own, theirs) if part is not None]
    codes = np.unique(np.concatenate(names), return_inverse=True)[1].astype(np.int64)
    return codes[: len(names[0])], None if theirs is None else codes[len(names[0]) :]


def _dated(asked: View | None, group: Groups | None, time: ArrayLike | None) -> View | None:
    if asked is None:
        return None
    _check_groups(group, len(asked))
    return replace(asked, group=group, time=None if time is None else _times(time, len(asked)))


def _check_groups(groups: Groups | None, n: int) -> None:
    if groups is not None and len(groups) != n:
        raise BadEvidence(f"group must have one value per row, {n}: got {len(groups)}")


def _rows(evidence: Mapping[str, Any], ids: Sequence[object] | None, group: Groups | None, prefix: str = "") -> View:
    unknown = sorted(set(evidence) - set(NEEDS))
    if unknown:
        raise BadInput(f"no evidence is called {unknown[0]!r}: {near(unknown[0], NEEDS)}")
    arrays: dict[Need, Any] = {k: _array(k, v) for k, v in evidence.items() if v is not None}  # type: ignore[misc]
    sizes = {k: _length(v) for k, v in arrays.items() if k != "head"}
    if not sizes and ids is None:
        raise MissingEvidence("no rows were given: pass evidence such as probs=…, or ids=…")
    n = len(ids) if ids is not None else next(iter(sizes.values()))
    wrong = {k: size for k, size in sizes.items() if size != n}
    if wrong:
        given = ", ".join(f"{k} has {size}" for k, size in sizes.items())
        raise BadEvidence(f"all evidence must have the same number of rows, {n}: {given}")
    names = _Numbered(prefix, n) if ids is None else _distinct([str(i) for i in ids])
    _check_groups(group, n)
    keys = names.keys() if isinstance(names, _Numbered) else keys_of(names)
    return View.of(arrays, ids=names, keys=keys, group=group)


def _times(time: ArrayLike, n: int) -> Floats:
    found = np.asarray(time, np.float64)
    if found.shape != (n,) or not np.isfinite(found).all():
        raise BadEvidence(f"time must have one finite number per row, {n}: got {found.dtype} {found.shape}")
    return found


@dataclass(frozen=True)
class _Numbered(Sequence[str]):
    """The ids of rows that were given none: a prefix and the position, written when read.

    >>> _Numbered("target/", 3)[2]
    'target/2'
    """

    prefix: str
    n: int

    def __len__(self) -> int:
        return self.n

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        found = range(self.n)[at]
        return f"{self.prefix}{found}" if isinstance(found, int) else [f"{self.prefix}{i}" for i in found]

    def keys(self) -> NDArray[np.uint64]:
        """Number the rows; digests of a million ids would take longer than most choices among them."""
        first = key_of(self.prefix)
        if first + self.n <= 2**64:
            return np.arange(first, first + self.n, dtype=np.uint64)
        with np.errstate(over="ignore"):
            return np.arange(self.n, dtype=np.uint64) + np.uint64(first)


def _distinct(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        seen: set[str] = set()
        twice = next(n for n in names if n in seen or seen.add(n))  # type: ignore[func-returns-value]
        raise BadData(f"ids must be distinct: {twice!r} occurs twice")
    return names


def _part(name: str, evidence: Mapping[str, Any], prefix: str) -> View:
    if not isinstance(evidence, Mapping):
        raise BadInput(f"{name} must map names of evidence to arrays, as {{'embed': …}}: got {type(evidence).__name__}")
    arrays = dict(evidence)
    return _rows(arrays, arrays.pop("ids", None), None, prefix=prefix)


def _array(name: str, value: Any) -> Any:
    foreign = isinstance(value, list | tuple) or type(value).__module__.partition(".")[0] in ("pandas", "polars")
    if foreign:
        try:
            value = np.asarray(value)
        except ValueError:
            raise BadEvidence(f"{name} must be an array: its rows have unequal lengths") from None
    if not isinstance(value, Ragged | Head) and not getattr(value, "shape", ()):
        raise BadEvidence(f"{name} must be an array with a row per item: got {type(value).__name__}")
    return value


def _length(value: Any) -> int:
    return len(value) if isinstance(value, Ragged) else int(value.shape[0])


def _with_labelled(view: View, labelled: Mapping[str, Any], labels: ArrayLike | None, context: Collection[str]) -> View:
    asked = _part("labelled", labelled, prefix="labelled/")
    pending: dict[str, Any] = {"labels": np.full(len(asked), -1, np.int64), "outcomes": np.full(len(asked), np.nan)}
    if labels is not None:
        kind, read = ("outcomes", _outcomes) if "outcomes" in context else ("labels", _codes)
        pending[kind] = read(labels)
        if len(pending[kind]) != len(asked):
            raise BadEvidence(f"labels must have one value per labelled row, {len(asked)}: got {len(pending[kind])}")
    return replace(view, labelled=asked, **pending)


def _codes(labels: ArrayLike) -> NDArray[np.int64]:
    codes = np.asarray(labels)
    if codes.dtype.kind not in "iu" or codes.ndim != 1:
        raise BadEvidence(
            f"labels must be integer class codes [L], -1 for a pending answer: got {codes.dtype} {codes.shape}"
        )
    if len(codes) and codes.min() < -1:
        raise BadEvidence(f"labels must be class codes from 0, or -1 for a pending answer: got {codes.min()}")
    return codes.astype(np.int64)


def _outcomes(labels: ArrayLike) -> Floats:
    values = np.asarray(labels)
    if values.dtype.kind not in "iuf" or values.ndim != 1:
        raise BadEvidence(
            "labels must be real numbers [L] for a regression strategy, NaN for a pending answer: got "
            f"{values.dtype} {values.shape}"
        )
    if np.isinf(values).any():
        raise BadEvidence(f"labels must be finite, or NaN for a pending answer: row {np.isinf(values).argmax()} is not")
    return values.astype(np.float64)


def _with_targets(view: View, rule: Strategy) -> View:
    missing = "targets" in rule.context and view.targets is None
    return replace(view, targets=default_targets(view)) if missing else view


def default_targets(view: View, limit: int = TARGETS) -> View:
    """Sample the coverage set: pool and labelled rows, at most ``limit``, by a keyed draw that never changes.

    It carries the evidence that both have.
    """
    joined = replace(view, labelled=None, targets=None)
    if view.labelled is not None and len(view.labelled):
        joined = View.concat([_only(joined, view.labelled), _only(view.labelled, joined)])
    if len(joined) <= limit:
        return joined
    rank = Draw(0).uniform(joined.keys, "targets")
    return joined.take(np.sort(np.argpartition(rank, limit)[:limit]))


def _only(view: View, other: View) -> View:
    """Drop the evidence that the other view lacks."""
    lacking: dict[str, Any] = {n: None for n in view.evidence() if n != "head" and getattr(other, n) is None}
    return replace(view, **lacking)

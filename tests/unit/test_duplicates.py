"""Texts that repeat others: which they are, and that a study asks each once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist.data import Dataset, Pool
from querist.data.duplicates import normalised, twins
from querist.errors import BadInput
from querist.simulate.find import find
from querist.study import Study
from querist.study.search import Goal

WORDS = st.text("ab1 ", max_size=12)
TEXTS = [f"message {n} of {n * 7} words about {'money' if n % 3 else 'lunch'} x{n}" for n in range(40)]


def brute(texts: list[str], similarity: float) -> list[int]:
    """Find the first one that is near, by comparing every pair."""

    def parts(text: str) -> set[tuple[str, str]]:
        words = "".join("0" if letter.isdigit() else letter for letter in normalised(text)).split()
        return set(itertools.pairwise(words))

    firsts: list[int] = []
    found: list[int] = []
    for at, text in enumerate(texts):
        same = [n for n in range(at) if normalised(texts[n]) == normalised(text)]
        one = parts(text)
        near = [n for n in firsts if one and len(one & parts(texts[n])) >= similarity * len(one | parts(texts[n]))]
        found.append(found[same[0]] if same else near[0] if near else at)
        if found[at] == at:
            firsts.append(at)
    return found


@given(st.lists(WORDS, max_size=12), st.sampled_from([0.4, 0.5, 0.8, 1.0]))
def test_near_copies_are_those_that_comparing_every_pair_finds(texts: list[str], similarity: float) -> None:
    assert twins(texts, kind="near", similarity=similarity).tolist() == brute(texts, similarity)


@given(st.lists(WORDS, max_size=12))
def test_exact_copies_are_equal_after_normalising(texts: list[str]) -> None:
    first = twins(texts)
    for at, there in enumerate(first.tolist()):
        assert there == next(n for n in range(at + 1) if normalised(texts[n]) == normalised(texts[at]))


def test_bad_options_are_refused() -> None:
    with pytest.raises(BadInput, match="duplicates must be 'exact' or 'near': got 'all'"):
        twins(["a"], kind="all")
    with pytest.raises(BadInput, match="similarity must lie between 0 and 1, 0 excluded: got 0"):
        twins(["a"], similarity=0)


def study(**options: object) -> Study:
    texts = np.array([*TEXTS, *(text.upper() for text in TEXTS[:8])], dtype=object)
    pool = Pool(tuple(f"t{n}" for n in range(len(texts))), texts, kind="text")
    settings = {"labels": ["a", "b"], "batch": 8, "duplicates": "exact", "strategy": "margin", **options}
    return Study.create(None, pool, **settings)  # type: ignore[arg-type]


def test_each_text_is_asked_once_before_any_copy() -> None:
    one, seen = study(), []
    while len(seen) < 40:
        for query in one.ask():
            seen.append(query.id)
            one.tell(query.id, "a" if int(query.id[1:]) % 3 else "b")
        one.step()
    texts = [normalised(one.pool.raw(id)) for id in seen[:40]]
    assert len(set(texts)) == 40


def test_the_answer_is_offered_and_not_recorded() -> None:
    one = study()
    one.tell("t3", "b")
    one.tell("t1", "a")
    one.step()
    rest = {query.id: query for query in one.ask(100)}
    assert rest["t43"].suggestion == "b"
    assert rest["t43"].confidence is None
    assert rest["t43"].reason == "same text as t3"
    assert list(one.labels()) == ["t1", "t3"]
    assert len(rest) == 46


def test_copies_are_asked_unless_the_study_says_otherwise() -> None:
    reasons = {query.reason for query in study(duplicates="ask").ask(100)}
    assert not any(reason.startswith("same text") for reason in reasons)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"duplicates": "all"}, "duplicates must be ask, exact or near: "),
        ({"goal": Goal("a", stop="certified"), "strategy": None}, "a certified search draws from all items, copies"),
    ],
)
def test_settings_that_do_not_fit_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        study(**options)


def test_numbers_have_no_copies() -> None:
    with pytest.raises(BadInput, match="duplicates are found among texts: the pool holds records"):
        Study.create(None, np.eye(4), labels=["a", "b"], duplicates="exact")


def test_a_search_finds_copies_with_what_it_read() -> None:
    texts = np.array([text for text in TEXTS for _ in range(3)], dtype=object)
    pool = Pool(tuple(f"t{n}" for n in range(120)), texts, kind="text")
    data = Dataset(pool, ["yes" if "lunch" in text else "no" for text in texts], "x")
    each, once = (find(data, Goal("yes"), seeds=[0], batch=4, duplicates=kind)[0] for kind in ("ask", "exact"))
    assert each.members == once.members == 42
    assert once.depth < each.depth
    assert each.depth >= 40

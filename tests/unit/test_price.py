"""What an answer will take, learned from the seconds that answers took."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.data import Pool, load
from querist.errors import BadInput, MissingEvidence
from querist.simulate import simulate
from querist.study import Study
from querist.study.price import ENOUGH, Price, fitted, sizes_of
from querist.tasks import Answer


def times(count: int, *, slope: float = 0.7, noise: float = 0.4, pauses: float = 0.0, seed: int = 0) -> Any:
    """Answers of a fast, a typical and a slow person; a share of them left the desk for a minute or an hour."""
    rng = np.random.default_rng(seed)
    sizes, people = rng.lognormal(4, 1, count), np.arange(count) % 3
    logs = np.log(0.3) + slope * np.log(sizes) + np.array([-0.9, 0.0, 0.9])[people] + noise * rng.normal(size=count)
    seconds = np.exp(logs)
    seconds[rng.random(count) < pauses] *= 200
    return sizes, seconds, people


@pytest.mark.parametrize("slope", [0.0, 0.4, 1.0])
def test_the_slope_is_found_beside_slow_people_and_pauses(slope: float) -> None:
    price = fitted(*times(600, slope=slope, pauses=0.08))
    assert price.slope == pytest.approx(slope, abs=0.06)
    assert price.of(np.array([60.0]))[0] == pytest.approx(0.3 * 60**slope, rel=0.2)


def test_a_slow_person_on_long_texts_does_not_make_long_texts_dear() -> None:
    rng = np.random.default_rng(1)
    people = np.arange(400) % 2
    sizes = np.exp(3 + people + rng.normal(size=400))
    seconds = np.exp(1.0 + 0.3 * np.log(sizes) + 1.5 * people + 0.3 * rng.normal(size=400))
    assert fitted(sizes, seconds, people).slope == pytest.approx(0.3, abs=0.05)
    assert fitted(sizes, seconds, np.zeros(400, np.intp)).slope > 0.6, "what one person alone would have said"


def test_few_answers_say_little() -> None:
    sizes, nobody = np.tile([10.0, 1000.0], 300), np.zeros(600, np.intp)
    seconds = sizes**0.5
    slopes = [fitted(sizes[:n], seconds[:n], nobody[:n]).slope for n in (20, 60, 600)]
    assert slopes == pytest.approx([0.5 * n / (n + 1) for n in (20, 60, 600)])


def test_before_there_are_enough_seconds_go_with_the_size() -> None:
    price = fitted(*times(ENOUGH - 1))
    assert price == Price()
    assert price.of(np.array([0.0, 1.0, 40.0])).tolist() == [1.0, 1.0, 40.0]
    assert fitted(*times(ENOUGH)).answers == ENOUGH


@given(
    seconds=st.lists(st.floats(1e-3, 1e6), min_size=20, max_size=60),
    spread=st.sampled_from([0.0, 1e-12, 1.0]),
    people=st.integers(1, 60),
)
@settings(max_examples=80, deadline=None)
def test_any_times_give_a_price_above_zero(seconds: list[float], spread: float, people: int) -> None:
    rng = np.random.default_rng(0)
    sizes = np.exp(3.0 + spread * rng.normal(size=len(seconds)))
    found = fitted(sizes, np.array(seconds), rng.integers(people, size=len(seconds))).of(sizes)
    assert np.isfinite(found).all()
    assert (found > 0).all()


def test_sizes_are_what_the_learner_counts_or_what_there_is_to_read() -> None:
    rows, ids = np.array([1, 0]), ("a", "b")
    texts = Pool(ids, np.array(["four", "ninechars"], object), kind="text")
    assert sizes_of(texts, rows).tolist() == [9.0, 4.0]
    assert sizes_of(texts, rows, np.array([3.0, 2.0])).tolist() == [3.0, 2.0]
    table = Pool(ids, np.zeros((2, 1)), records=[{"n": 5, "note": "four"}, {"n": 7, "note": ""}])
    assert sizes_of(table, rows).tolist() == [0.0, 4.0]
    assert sizes_of(Pool(ids, np.zeros((2, 1))), rows).tolist() == [1.0, 1.0]


TEXTS = [f"word{i % 7} " * (1 + i % 12) for i in range(60)]
ROWS = [{"id": f"t{i:02}", "text": text, "seconds": float(2 + len(text) / 10)} for i, text in enumerate(TEXTS)]
LABELS = ["late", "early"]


def label(place: int) -> str:
    """Words 0 to 2 are of one class, the rest of the other: a model knows them soon, and the cold start is over."""
    return LABELS[place % 7 < 3]


def study(path: Any = None, **options: Any) -> Study:
    chosen = {"cost": "seconds", "strategy": "per-cost(of='least-confidence')", "audit": 0.0, **options}
    return Study.create(path, ROWS, text="text", id="id", labels=LABELS, batch=5, suggestions=False, **chosen)


def answer(made: Study, count: int, *, timed: bool = True) -> None:
    """Answer the first items; a second is three characters."""
    for place, row in enumerate(ROWS[:count]):
        seconds = len(row["text"]) / 3 if timed else None
        made.tell(row["id"], label(place), who="ann", seconds=seconds)


def lengths(made: Study) -> list[int]:
    return [len(query.data["text"]) for query in made.ask(5)]


def test_per_cost_asks_short_texts_first() -> None:
    for count in (14, 24):
        with study() as dear:
            answer(dear, count)
            dear.step()
            price = dear.store.published().info["price"]
            assert price["answers"] == (count if count >= ENOUGH else 0)
            assert price["slope"] == pytest.approx(1.0, abs=0.06)
            assert max(lengths(dear)) <= 12


def test_where_length_costs_nothing_it_decides_nothing() -> None:
    with study() as even, study(cost="task", strategy="least-confidence") as plain:
        for made in (even, plain):
            for place, row in enumerate(ROWS[:30]):
                made.tell(row["id"], label(place), who="ann", seconds=4.0)
            made.step()
        assert even.store.published().info["price"]["slope"] == pytest.approx(0.0, abs=1e-9)
        assert [query.id for query in even.ask(5)] == [query.id for query in plain.ask(5)]


def test_untimed_answers_and_labels_of_the_data_teach_nothing() -> None:
    given = [{**row, "label": label(place) if place < 30 else None} for place, row in enumerate(ROWS)]
    made = Study.create(None, given, text="text", id="id", label="label", strategy="per-cost", cost="seconds", batch=5)
    told = zip(ROWS[30:54], [None, 0.0] * 12, strict=True)
    made.record([Answer(row["id"], "late", who="ann", seconds=seconds) for row, seconds in told])
    made.step()
    assert made.store.published().info["price"]["answers"] == 0


def test_a_step_repeats_and_the_setting_makes_a_round_of_its_own(tmp_path: Any) -> None:
    queues, digests = [], set()
    for name in ("a", "b"):
        with study(tmp_path / f"{name}.querist") as made:
            answer(made, 24)
            assert made.step().fresh
            assert not made.step().fresh
            queues.append([item.item for item in made.store.ranking().queue[:20]])
            digests.add(made.store.published().info["digest"])
    assert queues[0] == queues[1]
    assert len(digests) == 1
    with Study.open(tmp_path / "a.querist") as again:
        assert again.settings.cost == "seconds"
        assert not again.step().fresh
    with study(cost="task", strategy="least-confidence") as plain:
        assert '"seconds"' not in plain.store.published().info["digest"]
        assert "price" not in plain.store.published().info


def test_without_seconds_per_cost_needs_a_learner_that_counts() -> None:
    with pytest.raises(MissingEvidence, match=r"per-cost.* needs .*cost"):
        study(cost="task")
    with pytest.raises(BadInput, match="cost is task or seconds: got 'minutes'"):
        study(cost="minutes")
    with pytest.raises(MissingEvidence, match="cost"):
        simulate("iris", strategies=["per-cost"], seeds=[0])


def test_a_simulation_in_seconds_learns_them(tmp_path: Any) -> None:
    rows = [{**row, "label": label(place)} for place, row in enumerate(ROWS)]
    data = load(rows, text="text", label="label", id="id")
    found = simulate(data, strategies=["random", "per-cost(of='margin')"], cost="seconds", spend=120.0, initial=5,
                     batch=5, seeds=[0, 1])  # fmt: skip
    paid = {
        name: [c.points[-1] for c in found.curves if c.strategy == name] for name in ("random", "per-cost(of='margin')")
    }
    each = {name: sum(p.cost for p in points) / sum(p.labels for p in points) for name, points in paid.items()}
    assert each["per-cost(of='margin')"] < 0.9 * each["random"], "short texts are asked"

"""The helpers below everything: arrays, keyed chance, names, errors."""

from __future__ import annotations

import inspect
import math
import re
from dataclasses import dataclass, field

import array_api_strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist import _arrays, _draw, _load, errors
from querist._arrays import blocks, float64, logsumexp, namespace, segment_sum, take, to_numpy, top_two, topk, xlogx
from querist._draw import Draw, key_of, keys_of
from querist._load import Spec, builtin, class_name, find, make, names, parse, spec_of
from querist.errors import BadInput, MissingExtra, QueristError, UnknownName, near
from querist.strategies.margin import Margin
from querist.strategies.power_bald import PowerBald

finite = st.floats(-1e6, 1e6)
KEYS = np.arange(20_000, dtype=np.uint64)


def libraries():
    found = [np.asarray, array_api_strict.asarray]
    torch = pytest.importorskip("torch")
    return [*found, torch.asarray]


class TestArrays:
    def test_namespace_is_that_of_the_arrays(self):
        assert namespace(np.zeros(1), np.float32(1), 2.0) is np
        assert namespace(array_api_strict.zeros(1)) is array_api_strict
        with pytest.raises(TypeError):
            namespace(array_api_strict.zeros(1), np.zeros(1))

    def test_to_numpy(self):
        x = np.arange(3.0)
        assert to_numpy(x) is x
        assert to_numpy(array_api_strict.asarray(x)).tolist() == x.tolist()
        assert to_numpy([1, 2]).tolist() == [1, 2]

    @pytest.mark.torch
    def test_to_numpy_of_a_tensor_that_wants_gradients(self):
        torch = pytest.importorskip("torch")
        assert to_numpy(torch.arange(3.0, requires_grad=True)).tolist() == [0.0, 1.0, 2.0]

    def test_float64_copies_only_when_it_must(self):
        x = np.arange(3.0)
        assert float64(x) is x
        for other in (np.arange(3), np.arange(3, dtype=np.float32), array_api_strict.arange(3)):
            assert float64(other).dtype == namespace(other).float64

    def test_take_in_every_library(self):
        for library in libraries():
            x = library(np.arange(6.0).reshape(3, 2))
            assert to_numpy(take(x, np.array([2, 0]))).tolist() == [[4.0, 5.0], [0.0, 1.0]]
            assert take(x, np.empty(0, np.intp)).shape == (0, 2)

    @settings(deadline=None)
    @given(n=st.integers(0, 50), row_bytes=st.integers(0, 100), limit=st.integers(1, 300))
    def test_blocks_cover_every_row_once_within_the_limit(self, n, row_bytes, limit):
        cuts = list(blocks(n, row_bytes, limit=limit))
        assert [i for cut in cuts for i in range(n)[cut]] == list(range(n))
        assert all(cut.stop - cut.start == 1 or (cut.stop - cut.start) * row_bytes <= limit for cut in cuts)

    def test_blocks_read_the_limit_when_called(self, monkeypatch):
        assert len(list(blocks(10, 8))) == 1
        monkeypatch.setattr(_arrays, "BLOCK_BYTES", 16)
        assert len(list(blocks(10, 8))) == 5

    def test_xlogx(self):
        for library in libraries():
            found = to_numpy(xlogx(library(np.array([0.0, 1.0, 0.25]))))
            assert found.tolist() == [0.0, 0.0, 0.25 * math.log(0.25)]

    @settings(deadline=None)
    @given(x=st.lists(finite | st.just(-np.inf), min_size=1, max_size=6))
    def test_logsumexp(self, x):
        top = max(x)
        total = sum(math.exp(v - top) for v in x) if top > -np.inf else 0.0
        expected = top + math.log(total) if total else -np.inf
        assert float(logsumexp(np.array(x))) == pytest.approx(expected, rel=1e-12, abs=1e-12)

    def test_logsumexp_along_an_axis_in_every_library(self):
        for library in libraries():
            x = library(np.array([[800.0, 800.0], [-np.inf, -np.inf]]))
            assert to_numpy(logsumexp(x)).tolist() == [800.0 + math.log(2), -np.inf]
            assert to_numpy(logsumexp(x, axis=0)).tolist() == [800.0, 800.0]

    @settings(deadline=None)
    @given(rows=st.integers(1, 5).flatmap(lambda c: st.lists(st.tuples(*[st.integers(0, 3)] * c), min_size=1)))
    def test_top_two_are_the_two_largest(self, rows):
        expected = [
            ([*sorted(row, reverse=True), 0] if len(row) == 1 else sorted(row, reverse=True))[:2] for row in rows
        ]
        for library in (np.asarray, array_api_strict.asarray):
            first, second = top_two(library(np.array(rows, float)))
            assert [list(pair) for pair in zip(to_numpy(first), to_numpy(second), strict=True)] == expected

    @settings(deadline=None)
    @given(scores=st.lists(st.integers(0, 4) | st.just(-np.inf), max_size=20), n=st.integers(0, 25), data=st.data())
    def test_topk_is_a_stable_sort_by_score_then_tie(self, scores, n, data):
        ties = data.draw(st.permutations(range(len(scores))))
        expected = sorted(range(len(scores)), key=lambda i: (-scores[i], -ties[i]))[:n]
        found = topk(np.array(scores, float), n, np.array(ties, float))
        assert found.tolist() == expected
        assert found.dtype == np.intp

    @settings(deadline=None)
    @given(runs=st.lists(st.lists(finite, max_size=4), max_size=8))
    def test_segment_sum(self, runs):
        starts = np.cumsum([0, *map(len, runs)])
        flat = np.array([v for run in runs for v in run])
        assert segment_sum(flat, starts).tolist() == pytest.approx([math.fsum(run) for run in runs], abs=1e-9)

    def test_a_large_segment_takes_no_digits_from_the_next(self):
        assert segment_sum(np.array([1e16, 1.0, 2.0]), np.array([0, 1, 1, 3])).tolist() == [1e16, 0.0, 3.0]
        assert segment_sum(np.ones((3, 2)), np.array([0, 0, 3, 3])).tolist() == [[0, 0], [3, 3], [0, 0]]


class TestDraw:
    def test_known_values(self):
        """Logs and published figures depend on these numbers: they must never change."""
        assert key_of("img_0412") == 7152742079147053910
        assert key_of("Zürich") == 636548684707296368
        assert Draw(0).uniform(keys_of(["a", "b"]), "ties").tolist() == [0.2635515967388379, 0.1376896927889516]
        assert Draw(7, 3).uniform(keys_of(["item_07"]), "random").tolist() == [0.16107972680901994]
        assert Draw(1, 2).rng("fit").integers(1000, size=3).tolist() == [248, 37, 790]

    def test_numbers_are_uniform(self):
        numbers = np.sort(Draw(0).uniform(KEYS, "test"))
        gap = np.abs(numbers - (np.arange(len(KEYS)) + 0.5) / len(KEYS)).max()
        assert gap < 1.95 / len(KEYS) ** 0.5  # Kolmogorov–Smirnov at 0.1 %

    def test_numbers_of_random_looking_keys_are_uniform_too(self):
        numbers = np.sort(Draw(5).uniform(keys_of(f"img_{i}.png" for i in range(20_000)), "test"))
        assert np.abs(numbers - (np.arange(20_000) + 0.5) / 20_000).max() < 1.95 / 20_000**0.5

    @pytest.mark.parametrize("bits", [0, 2**64 - 1])
    def test_numbers_lie_strictly_between_0_and_1(self, bits, monkeypatch):
        monkeypatch.setattr(_draw, "_mix", lambda x: np.full_like(x, bits))
        (number,) = Draw(0).uniform(np.array([7], np.uint64), "test").tolist()
        assert 0.0 < number < 1.0

    @settings(deadline=None)
    @given(order=st.permutations(range(12)), cut=st.integers(0, 12))
    def test_numbers_belong_to_the_item_not_to_its_place(self, order, cut):
        keys = keys_of(f"item_{i:02d}" for i in range(12))
        expected = Draw(3).uniform(keys, "test")
        assert Draw(3).uniform(keys[order], "test").tolist() == expected[order].tolist()
        parts = [Draw(3).uniform(keys[:cut], "test"), Draw(3).uniform(keys[cut:], "test")]
        assert np.concatenate(parts).tolist() == expected.tolist()

    @pytest.mark.parametrize(
        ("draw", "stream"), [(Draw(0), "b"), (Draw(1), "a"), (Draw(0, 1), "a"), (Draw(-1), "a"), (Draw(0), "")]
    )
    def test_streams_seeds_and_positions_are_unrelated(self, draw, stream):
        one, other = Draw(0).uniform(KEYS, "a"), draw.uniform(KEYS, stream)
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / len(KEYS) ** 0.5
        assert not np.array_equal(Draw(0).rng("a").bytes(8), draw.rng(stream).bytes(8))

    def test_seed_and_position_do_not_run_together(self):
        assert Draw(1, 23).uniform(KEYS[:1], "a") != Draw(12, 3).uniform(KEYS[:1], "a")

    def test_generators_start_afresh_each_time(self):
        assert Draw(4).rng("fit").random() == Draw(4).rng("fit").random()

    def test_no_keys(self):
        assert keys_of([]).dtype == np.uint64
        assert Draw(0).uniform(keys_of([]), "test").shape == (0,)


class Plugin:
    """Stands for an entry point of an installed package."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def load(self):
        return self.value


@dataclass(frozen=True)
class Mine:
    depth: int = 1
    names: tuple[str, ...] = field(default=())


class TestLoad:
    @pytest.mark.parametrize(
        ("text", "spec"),
        [
            ("margin", Spec("margin", None, {})),
            (" margin ", Spec("margin", None, {})),
            ("margin()", Spec("margin", None, {})),
            ("power-bald(beta=-2.5)", Spec("power-bald", None, {"beta": -2.5})),
            ("a(x=true, y=false, z=null)", Spec("a", None, {"x": True, "y": False, "z": None})),
            ("a(x=(1, 'two'), y=None)", Spec("a", None, {"x": (1, "two"), "y": None})),
            ("sklearn:a.b.C", Spec("sklearn", "a.b.C", {})),
            ("sklearn:a.b.C(gamma='auto:(')", Spec("sklearn", "a.b.C", {"gamma": "auto:("})),
        ],
    )
    def test_specifications(self, text, spec):
        assert parse(text) == spec

    @pytest.mark.parametrize(
        "text", ["a(1)", "a(x=)", "a(x=1", "a(x=open('f'))", "a(x=1) b", "a(x=1)(y=2)", "a(**{})", "a(x=rbf)"]
    )
    def test_specifications_that_cannot_be_read(self, text):
        tail = r".*; write name\(key=value, …\) with plain values$"
        message = rf"^cannot read the options of {re.escape(repr(text))}: {tail}"
        with pytest.raises(BadInput, match=message):
            parse(text)

    def test_names_and_classes_match(self):
        assert class_name("k-center") == "KCenter"
        assert {"margin", "random", "power-bald"} <= set(builtin("strategies"))
        assert not {"protocol", "--init--"} & set(builtin("strategies"))
        assert all(not name.startswith(("_", "-")) for name in builtin("strategies"))
        for name in builtin("strategies"):
            assert find("strategies", name).__name__ == class_name(name)

    def test_unknown_names_list_the_near_ones(self):
        near = r"^no strategy is called 'margn': did you mean 'margin' or 'min-margin'\?$"
        with pytest.raises(UnknownName, match=near):
            find("strategies", "margn")
        with pytest.raises(UnknownName, match=r"^no strategy is called 'qqq': known: .*badge, .*\(\d+ in all\)$"):
            find("strategies", "qqq")

    def test_bad_options_list_the_good_ones(self):
        with pytest.raises(
            BadInput, match=r"^cannot build 'power-bald\(gamma=1\)': .*gamma.*; its options are \['beta'\]$"
        ):
            make("strategies", "power-bald(gamma=1)")
        with pytest.raises(BadInput, match=r"^cannot build 'margin:deep': .*; its options are \[\]$"):
            make("strategies", "margin:deep")

    def test_entry_points_are_names_too(self, monkeypatch, request):
        request.addfinalizer(_load._plugins.cache_clear)
        _load._plugins.cache_clear()
        points = {"mine": Mine, "margin": Mine, "ready": Mine(7)}
        monkeypatch.setattr(_load, "entry_points", lambda group: [Plugin(*item) for item in points.items()])
        assert {"mine", "ready", "random"} <= set(names("strategies"))
        assert make("strategies", "mine(depth=3)") == Mine(3)
        assert make("strategies", "ready") == Mine(7)
        assert make("strategies", "margin") == Margin()
        assert spec_of(Mine(3, ("a",)), "strategies") == "mine(depth=3, names=('a',))"
        assert make("strategies", spec_of(Mine(3, ("a",)), "strategies")) == Mine(3, ("a",))

    @pytest.mark.parametrize("rule", [Margin(), PowerBald(), PowerBald(4), PowerBald(0.1)])
    def test_specifications_round_trip(self, rule):
        assert make("strategies", spec_of(rule, "strategies")) == rule

    @pytest.mark.parametrize("stranger", [Mine(), object(), Margin])
    def test_strangers_have_no_specification(self, stranger):
        assert spec_of(stranger, "strategies") is None


KNOWN = {
    name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and kind.__module__ == errors.__name__
}


class TestErrors:
    def test_the_tree_in_the_docstring_is_the_tree(self):
        drawn = re.findall(r"^ {4}(.*?)(\w+)(?: \((\w+)\))?(?:  .*)?$", errors.__doc__, re.MULTILINE)
        assert {name for _, name, _ in drawn} == set(KNOWN)
        for branch, name, other in drawn:
            parent = {0: Exception, 4: QueristError, 8: BadInput}[len(branch)]
            assert KNOWN[name].__bases__[0] is parent
            assert not other or other in {base.__name__ for base in KNOWN[name].__mro__}

    def test_the_caller_can_catch_the_standard_kinds(self):
        assert issubclass(BadInput, ValueError)
        assert issubclass(MissingExtra, ImportError)

    def test_every_error_has_a_line_of_explanation(self):
        assert all(kind.__doc__.endswith(".") for kind in KNOWN.values())

    def test_near_names(self):
        assert near("entropi", ["entropy", "consensus-entropy"]).startswith("did you mean 'entropy'")
        assert near("x", []) == "known: none"
        assert near("x", iter(["b", "a"])) == "known: a, b"

"""A fitted encoder of images and what it placed: kept beside the study, once per pool, over processes and rebuilds."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from querist import load
from querist.data import Dataset
from querist.embed import _directions, encode_pool, fitted
from querist.embed import particles as module
from querist.embed.particles import Circles, ParticlesEncoder
from querist.simulate import Plan, simulate
from querist.study import Study

mrcfile = pytest.importorskip("mrcfile", reason="needs the extra cryoem")


class Went(NamedTuple):
    """The sum of all features that the fits of its line had."""

    total: float
    provides: frozenset[str] = frozenset({"probs"})

    def predict(self, items: Any, needs: Any = None) -> dict[str, Any]:
        high = 1 / (1 + np.exp(-np.asarray(items)[:, 0] - self.total))
        return {"probs": np.column_stack([1 - high, high])}


@dataclass(frozen=True)
class Going:
    """Goes on from the model that it is given."""

    warm_start: bool = True
    provides: frozenset[str] = frozenset({"probs"})
    eats: str = "vectors"

    def fit(self, items: Any, targets: Any, *, warm: Went | None = None, **_: Any) -> Went:
        return Went((0.0 if warm is None else warm.total) + float(np.asarray(items).sum()))


def stack(folder, count, seed):
    """Write a stack of two kinds of particles in noise, a bar and a blob, turned by quarters."""
    chance, side = np.random.default_rng(seed), 24
    kinds = np.zeros((2, side, side))
    kinds[0, 4:20, 10:13] = kinds[1, 6:12, 8:16] = 1.0
    images = [np.rot90(kinds[at % 2], chance.integers(4)) + chance.normal(0, 0.2, (side, side)) for at in range(count)]
    folder.mkdir()
    with mrcfile.new(folder / f"{folder.name}.mrcs") as file:
        file.set_data(np.stack(images).astype(np.float32))
        file.set_image_stack()
    return folder


@pytest.fixture
def work(monkeypatch):
    """Count what is done: pools fitted, items read, items placed."""
    counts = {"fitted": 0, "read": 0, "placed": 0}
    fit, read, place = ParticlesEncoder.of.__func__, Circles.encode, ParticlesEncoder.encode_rows

    def counted(name, number, then):
        counts[name] += number
        return then

    monkeypatch.setattr(ParticlesEncoder, "of", classmethod(lambda cls, rows: counted("fitted", 1, fit(cls, rows))))
    monkeypatch.setattr(Circles, "encode", lambda self, items: counted("read", len(items), read(self, items)))
    monkeypatch.setattr(
        ParticlesEncoder, "encode_rows", lambda self, rows: counted("placed", len(rows), place(self, rows))
    )
    return counts


def done(counts):
    """Give what was done since the last time; another process knows nothing of this one's memory."""
    module._known.clear()
    found = tuple(counts.values())
    counts.update(dict.fromkeys(counts, 0))
    return found


def test_a_pool_is_fitted_and_placed_once_whatever_the_process(tmp_path, work):
    images, cache = load(stack(tmp_path / "a", 20, 0)).pool.items, tmp_path / "c"
    encoder, rows = encode_pool(images, "particles", cache=cache)
    assert done(work) == (1, 20, 20)
    again, same = encode_pool(images, "particles", cache=cache)
    assert done(work) == (0, 0, 0)
    np.testing.assert_array_equal(rows, same)
    np.testing.assert_array_equal(encoder.encode(images), again.encode(images))
    assert (again.version, again.width) == (encoder.version, encoder.width)
    assert not same.flags.writeable
    encode_pool(images[np.arange(19)], "particles", cache=cache)
    assert done(work)[0] == 1  # another pool
    if os.name == "posix":
        assert {stat.S_IMODE(each.stat().st_mode) for each in (cache, *(cache / "fitted").iterdir())} == {0o700}


def test_what_is_damaged_or_gone_is_made_again(tmp_path, work):
    images, cache = load(stack(tmp_path / "a", 20, 0)).pool.items, tmp_path / "c"
    rows = np.array(encode_pool(images, "particles", cache=cache)[1])
    (kept,) = (cache / "fitted").iterdir()
    arrays = kept / "encoder.npz"
    whole = arrays.read_bytes()
    done(work)
    for broken in (whole[:100], b"", whole[:3000] + bytes([whole[3000] ^ 1]) + whole[3001:]):
        arrays.write_bytes(broken)
        np.testing.assert_array_equal(encode_pool(images, "particles", cache=cache)[1], rows)
        assert done(work) == (1, 0, 0)
        assert arrays.read_bytes() == whole
    next(kept.rglob("*.rows")).unlink()
    np.testing.assert_array_equal(encode_pool(images, "particles", cache=cache)[1], rows)
    assert done(work) == (0, 0, 20)


def test_placing_that_was_cut_short_goes_on(tmp_path, work, monkeypatch):
    images, cache = load(stack(tmp_path / "a", 20, 0)).pool.items, tmp_path / "c"
    monkeypatch.setattr(fitted, "BLOCK", 8)
    rows = np.array(encode_pool(images, "particles", cache=cache)[1])
    file = next((cache / "fitted").rglob("*.rows"))
    data = file.read_bytes()
    file.write_bytes(data[: 64 + 8 * (len(data) - 64) // 20 + 10])
    done(work)
    np.testing.assert_array_equal(encode_pool(images, "particles", cache=cache)[1], rows)
    assert done(work) == (0, 0, 12)


def test_another_version_is_fitted_anew(tmp_path, work, monkeypatch):
    images, cache = load(stack(tmp_path / "a", 20, 0)).pool.items, tmp_path / "c"
    encode_pool(images, "particles", cache=cache)
    monkeypatch.setattr(module, "FORM", module.FORM + 1)
    done(work)
    encode_pool(images, "particles", cache=cache)
    assert done(work) == (1, 0, 20)


def test_pools_used_longest_ago_go_when_all_are_too_large(tmp_path, monkeypatch):
    images, cache = load(stack(tmp_path / "a", 20, 0)).pool.items, tmp_path / "c"
    folders = {}
    for count in (20, 19, 18, 20):  # the first is used again
        encode_pool(images[np.arange(count)], "particles", cache=cache)
        for new in set((cache / "fitted").iterdir()) - set(folders.values()):
            folders[count] = new
    assert len(folders) == 3
    monkeypatch.setattr(fitted, "MOST_BYTES", int(2.5 * fitted._size(folders[20])))
    encode_pool(images[np.arange(18)], "particles", cache=cache)
    assert set((cache / "fitted").iterdir()) == {folders[18], folders[20]}
    monkeypatch.setattr(fitted, "MOST_BYTES", 0)
    rows = encode_pool(images, "particles", cache=cache)[1]
    assert len(rows) == 20
    assert len(list((cache / "fitted").iterdir())) == 1


def test_a_study_that_is_opened_again_fits_no_encoder_for_the_rounds_it_goes_over(tmp_path, work):
    options = {"encoder": "particles", "learner": Going(), "strategy": "margin"}
    first = stack(tmp_path / "a", 20, 0)
    with Study.create(tmp_path / "x.querist", first, labels=["bar", "blob"], batch=4, audit=0, **options) as study:
        for at in range(3):
            for query in study.ask():
                study.tell(query.id, ("bar", "blob")[int(query.id.split("@")[0]) % 2])
            study.add(stack(tmp_path / f"b{at}", 4, at + 1))
            study.step()
        live = study.predict()["probs"]
    assert done(work)[0] == 4
    with Study.open(tmp_path / "x.querist", learner=Going()) as study:
        np.testing.assert_array_equal(study.predict()["probs"], live)
        study.tell(study.ask()[0].id, "bar")
        study.step()
    assert done(work) == (0, 0, 0)


def test_what_changes_the_features_of_a_pool_makes_a_new_round_and_a_new_run(tmp_path, monkeypatch):
    data, path = stack(tmp_path / "a", 20, 0), tmp_path / "x.querist"
    Study.create(path, data, labels=["bar", "blob"], batch=4, audit=0, encoder="particles").close()
    with Study.open(path) as study:
        assert not study.step().fresh
    told = Dataset(load(data).pool, ["bar", "blob"] * 10)
    options = {"strategies": ["random"], "encoder": "particles", "initial": 4, "batch": 4, "budget": 8, "seeds": [0]}
    simulate(told, out=tmp_path / "run", **options)
    kept = {each.name for each in (tmp_path / "run" / "cells").iterdir()}
    monkeypatch.setattr(_directions, "REACH", 0.3)
    module._known.clear()
    with Study.open(path) as study:
        assert study.step().fresh
    simulate(told, out=tmp_path / "run", **options)
    assert len({each.name for each in (tmp_path / "run" / "cells").iterdir()} - kept) == len(kept)


def test_the_protocol_names_what_is_fitted_and_no_frozen_encoder():
    for encoder, named in (
        ("particles", module.Particles().version),
        ("tfidf", "tfidf"),
        ("pixels", None),
        (None, None),
    ):
        protocols = [Plan(("random",), encoder=encoder).protocol(full=full) for full in (False, True)]
        assert [each.get("encoder") for each in protocols] == [named, named]

"""A representation that moves: its drift in the status, a training that fails, and an encoder that changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from querist.data import Pool
from querist.embed import image_encoder
from querist.errors import LearnerFailed
from querist.estimate.drift import cka
from querist.strategies.margin import Margin
from querist.study import Study

WORDS = ("low", "high")


def pool(n: int = 80) -> Pool:
    rows = np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)
    return Pool(tuple(f"item_{row:03}" for row in range(n)), rows)


def label(study: Study, n: int = 10) -> None:
    for query in study.ask(n):
        study.tell(query.id, WORDS[int(study.pool.read([query.id])[0, 0] > 0)])


def embeddings(study: Study) -> np.ndarray:
    return np.asarray(study.predict(needs={"embed"})["embed"])


@pytest.mark.torch
class TestDrift:
    def test_status_gives_the_alignment_with_the_model_before(self, tmp_path) -> None:
        pytest.importorskip("torch")
        learner = "torch(module='mlp', epochs=20, rate=0.01)"
        with Study.create(tmp_path / "a.querist", pool(), labels=WORDS, learner=learner, audit=0) as study:
            assert study.status().representation is None
            label(study)
            study.step()
            assert study.status().representation is None, "the model before had learnt nothing"
            first = embeddings(study)
            label(study)
            study.step()
            found, expected = study.status().representation, cka(first, embeddings(study))
            assert found is not None
            assert found["cka"] == pytest.approx(expected, abs=1e-6)
            assert 0.0 < expected < 0.9999
            assert found["sentence"].startswith(f"representation changed: CKA {expected:.2f} against the model before")
        with Study.open(tmp_path / "a.querist") as again:
            assert again.status().representation == found
            before = embeddings(again)
            label(again)
            again.step()
            later = again.status().representation
            assert later is not None
            assert later["cka"] == pytest.approx(cka(before, embeddings(again)), abs=1e-6), "another process goes on"

    def test_items_that_joined_are_left_out(self) -> None:
        pytest.importorskip("torch")
        learner = "torch(module='mlp', epochs=5, rate=0.01)"
        study = Study.create(None, pool(), labels=WORDS, learner=learner, audit=0)
        label(study)
        study.step()
        study.add(Pool(("new_0", "new_1"), np.zeros((2, 4), np.float32)))
        label(study)
        study.step()
        found = study.status().representation
        assert found is not None
        assert found["items"] == 80

    def test_a_model_whose_representation_stays_has_none(self) -> None:
        study = Study.create(None, pool(), labels=WORDS, audit=0)
        for _ in range(2):
            label(study)
            study.step()
        assert study.status().representation is None
        assert study.store.get("representation/0") is None


@pytest.mark.torch
def test_a_network_whose_loss_is_nan_leaves_the_old_model_serving() -> None:
    torch = pytest.importorskip("torch")
    from querist.learners.torch import Torch

    class Brittle(torch.nn.Linear):
        """Fail on batches of more than 12."""

        def forward(self, rows):  # type: ignore[no-untyped-def]
            return super().forward(rows) * (float("nan") if self.training and len(rows) > 12 else 1.0)

    learner = Torch(Brittle(4, 2), epochs=5, held_out=0.0)
    study = Study.create(None, pool(), labels=WORDS, learner=learner, strategy="margin", batch=10, audit=0)
    label(study)
    study.step()
    before, round = study.predict()["probs"], study.status().round
    label(study, 4)
    waiting = [place.item for place in study.store.ranking().queue if place.item not in study.labels()]
    with pytest.raises(LearnerFailed, match="the loss became nan in epoch 1: lower rate"):
        study.step()
    assert study.status().round == round
    np.testing.assert_array_equal(study.predict()["probs"], before)
    assert [query.id for query in study.ask(3)] == waiting[:3]
    study.tell(waiting[0], "low")
    assert study.status().labelled == 15


@dataclass(frozen=True)
class Watching(Margin):
    """Keep the embeddings of every view that is scored, candidates and labelled."""

    needs: ClassVar = frozenset({"probs", "embed"})
    context: ClassVar = frozenset({"labelled"})
    cold: ClassVar = None  # labels at random foretell nothing
    seen: ClassVar[list] = []

    def score(self, view, draw):  # type: ignore[no-untyped-def]
        self.seen.append((list(view.ids), view.embed, list(view.labelled.ids), view.labelled.embed))
        return super().score(view, draw)


def test_no_view_mixes_versions_of_an_encoder(data, tmp_path) -> None:
    """The same network read with another scale: as wide, so that nothing but the numbers could tell a mixture."""
    pytest.importorskip("onnxruntime")
    from PIL import Image

    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for at in range(24):
        Image.fromarray(rng.integers(0, 128 + 127 * (at % 2), (16, 16, 3), np.uint8)).save(folder / f"{at:02}.png")
    network = str(data / "models" / "mobilenet_v1_0.25_128.onnx")
    encoders = [f"onnx(path={network!r}, scale={scale!r})" for scale in ("symmetric", "unit")]
    learner = "linear(standardise=False)"
    Watching.seen.clear()
    place, options = tmp_path / "a.querist", {"labels": WORDS, "learner": learner, "batch": 6, "audit": 0}
    with Study.create(place, folder, encoder=encoders[0], strategy=Watching(), **options) as study:
        for at, query in enumerate(study.ask()):
            study.tell(query.id, WORDS[at % 2])
        assert study.step().fresh
        raw = {id: study.pool.items[row : row + 1] for row, id in enumerate(study.pool.ids)}
    with Study.open(place, encoder=encoders[1], strategy=Watching()) as study:
        step = study.step()
        assert step.fresh, "another encoder is another round, although no answer came"
        assert not study.step().fresh
    versions = [image_encoder(text) for text in encoders]
    widths = []
    for encoder, (ids, embed, known, labelled) in zip(versions, Watching.seen[-2:], strict=True):
        for names, rows in ((ids, embed), (known, labelled)):
            expected = np.concatenate([encoder.encode(raw[name]) for name in names])
            np.testing.assert_allclose(rows, expected, rtol=1e-4, atol=1e-4)
            widths.append(rows.shape)
    assert widths == [(18, 256), (6, 256)] * 2
    first, second = (dict(zip(ids, embed, strict=True)) for ids, embed, _, _ in Watching.seen[-2:])
    assert all(np.abs(first[name] - second[name]).max() > 0.01 for name in first), "the versions differ on every item"

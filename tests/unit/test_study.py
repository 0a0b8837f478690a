"""The loop: what a study promises to the people who use it."""

from __future__ import annotations

import numpy as np
import pytest

from querist.data import Pool, load
from querist.errors import (
    BadInput,
    BadLabel,
    LearnerFailed,
    MissingEvidence,
    NewerStudy,
    StoreFailed,
    StudyExists,
    UnknownItem,
)
from querist.learners.sklearn import Sklearn
from querist.strategies.margin import Margin
from querist.study import Study
from querist.tasks import Answer

WORDS = ("low", "high")


def pool(n: int = 60, *, seed: int = 0, order: str = "kept") -> Pool:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    ids = np.array([f"item_{i:03}" for i in range(n)])
    rows = np.arange(n) if order == "kept" else np.random.default_rng(9).permutation(n)
    return Pool(tuple(ids[rows].tolist()), X[rows])


def truth(study: Study, item: str) -> str:
    return WORDS[int(study.pool.read([item])[0, 0] > 0)]


def label_some(study: Study, n: int, who: str = "ada") -> list[str]:
    asked = [q.id for q in study.ask(n, who)]
    for item in asked:
        study.tell(item, truth(study, item), who)
    return asked


def make(path: object = None, data: Pool | None = None, **options: object) -> Study:
    settings = {"labels": WORDS, "batch": 5, "strategy": "margin", **options}
    return Study.create(path, pool() if data is None else data, **settings)  # type: ignore[arg-type]


def queue(study: Study) -> list[str]:
    ranking = study.store.ranking()
    assert ranking is not None
    return [place.item for place in ranking.queue]


@pytest.fixture(params=["memory", "file"])
def study(request: pytest.FixtureRequest, tmp_path):
    with make(None if request.param == "memory" else tmp_path / "a.querist") as made:
        yield made


def test_the_first_queue_is_there_without_any_label(study: Study) -> None:
    queries = study.ask()
    assert len(queries) == 5
    assert all(q.suggestion is None and q.confidence is None for q in queries), (
        "a model without labels suggests nothing"
    )
    assert study.status().round == 1
    assert study.step().strategy == "maxherding"


def test_step_is_idempotent_per_log_position(study: Study) -> None:
    label_some(study, 5)
    first = study.step()
    again = study.step()
    assert (first.fresh, again.fresh) == (True, False)
    assert again.round == first.round == 2
    label_some(study, 1)
    assert study.step().round == 3


def test_the_model_takes_over_once_it_foretells_the_classes(study: Study) -> None:
    items = {word: next(i for i in study.pool.ids if truth(study, i) == word) for word in WORDS}
    study.tell(items["low"], "low")
    assert study.step().strategy == "maxherding"
    study.tell(items["high"], "high")
    assert study.step().strategy == "maxherding"  # a label of each class, and nothing to foretell one by
    label_some(study, 20)
    assert study.step().strategy == "margin"


def test_suggestions_come_with_confidence_and_a_reason(study: Study) -> None:
    label_some(study, 10)
    study.step()
    query = study.ask(1, "bob")[0]
    assert query.suggestion in WORDS
    assert query.confidence is not None
    assert 0.5 <= query.confidence <= 1.0
    assert query.reason
    assert query.acquisition <= 0.0
    assert query.data == {"features": study.pool.read([query.id])[0].tolist()}


def test_items_that_are_out_count_as_picked(study: Study) -> None:
    label_some(study, 10)
    out = {q.id for q in study.ask(5, "bob")}
    study.tell(next(i for i in study.pool.ids if i not in out and i not in study.labels()), "low")
    study.step()
    assert not out & set(queue(study)[:5])
    assert out <= set(queue(study)), "they are offered again when the lease has run out"
    assert {q.id for q in study.ask(5, "bob")} == out, "a person's own open items come first"


def test_two_people_never_get_the_same_item(study: Study) -> None:
    given = [q.id for who in ("a", "b", "c") for q in study.ask(8, who)]
    assert len(given) == len(set(given)) == 24


def test_overlap_gives_an_item_to_several_people_and_merges_their_labels() -> None:
    study = make(overlap=2)
    first = {q.id for q in study.ask(4, "a")}
    assert {q.id for q in study.ask(4, "b")} == first
    item = sorted(first)[0]
    study.tell(item, "low", "a")
    study.tell(item, "high", "b")
    assert study.labels()[item] == "low", "a tie goes to the earliest answer"
    assert [a.who for a in study.answers(item)] == ["a", "b"]


def test_skipped_and_unsure_items_are_offered_again_last(study: Study) -> None:
    first, second = (q.id for q in study.ask(2, "ada"))
    study.skip(first, "ada")
    study.skip(second, "ada", unsure=True)
    assert study.status().aside == 2
    study.step()
    assert queue(study)[-2:] == sorted([first, second], key=study.pool.ids.index)
    rest = [q.id for q in study.ask(100, "bob")]
    assert rest[-2:] == sorted([first, second], key=study.pool.ids.index) or set(rest[-2:]) == {first, second}
    assert first not in study.labels()


def test_retract_takes_an_answer_back_and_the_log_keeps_both(study: Study) -> None:
    item = label_some(study, 1)[0]
    study.retract(item, "ada")
    assert item not in study.labels()
    assert [e.answer.kind for e in study.store.events()] == ["label", "retract"]
    assert study.status().labelled == 0
    with pytest.raises(UnknownItem, match="nothing to retract: 'ada' has no standing answer on item 'item_"):
        study.retract(item, "ada")


def test_a_later_answer_replaces_the_earlier_one(study: Study) -> None:
    item = study.ask(1, "ada")[0].id
    study.tell(item, "low", "ada")
    study.tell(item, "high", "ada")
    assert study.labels() == {item: "high"}
    assert study.status().labelled == 1


def test_a_wrong_label_or_item_records_nothing(study: Study) -> None:
    item = study.ask(1)[0].id
    with pytest.raises(BadLabel, match=r"no class is called 'lo': .*'low'"):
        study.tell(item, "lo")
    with pytest.raises(UnknownItem, match=r"no item has the id 'item_9999': did you mean"):
        study.tell("item_9999", "low")
    with pytest.raises(BadLabel):
        study.record([Answer(item, "low"), Answer(study.pool.ids[3], "nope")])
    assert study.store.events() == []


def test_the_same_uid_counts_once(study: Study) -> None:
    item = study.ask(1)[0].id
    first = study.tell(item, "low", uid="7")
    assert study.tell(item, "low", uid="7") == first
    assert len(study.store.events()) == 1


def test_new_rows_join_a_running_study(study: Study) -> None:
    label_some(study, 10)
    more = np.random.default_rng(1).normal(size=(7, 3))
    assert study.add(Pool(tuple(f"new_{i}" for i in range(7)), more)) == 7
    assert study.add(Pool(("new_0",), more[:1])) == 0
    study.step()
    assert {f"new_{i}" for i in range(7)} <= set(queue(study))
    assert study.status().items == 67
    with pytest.raises(BadInput, match="2"):
        study.add(Pool(("wide",), np.zeros((1, 2))))


def test_labels_in_the_data_are_kept_as_answers() -> None:
    rows = [{"x": 0.0, "label": "low"}, {"x": 1.0, "label": "high"}, {"x": 0.4, "label": None}]
    study = Study.create(None, rows, strategy="margin")
    assert sorted(study.labels().values()) == ["high", "low"]
    assert study.step().strategy == "margin"
    assert len(study.ask()) == 1


def test_a_study_with_nothing_to_ask_is_refused() -> None:
    with pytest.raises(
        BadInput, match="all 150 items have a label already: there is nothing to ask; start without them"
    ):
        Study.create(None, "iris")
    assert len(Study.create(None, "iris", keep_labels=False).labels()) == 0


def test_a_wrong_encoder_is_told_before_that_nothing_is_left_to_ask() -> None:
    with pytest.raises(BadInput, match="the encoder 'pixels' reads images or texts: the pool holds"):
        Study.create(None, "iris", encoder="pixels")


def test_no_class_known_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(BadInput, match=r"no class is known: the data hold no labels; name them with labels="):
        Study.create(None, np.zeros((3, 2)))


@pytest.mark.parametrize("word", ["batch", "overlap"])
def test_sizes_below_one_are_refused(word: str) -> None:
    with pytest.raises(BadInput, match=f"{word} must be 1 or more: got 0"):
        make(**{word: 0})


def test_a_pool_of_one_item_and_a_batch_larger_than_the_pool() -> None:
    study = make(data=pool(1), batch=10)
    item = study.ask()[0].id
    study.tell(item, "low")
    assert study.step().labels == 1
    assert study.ask() == []
    assert study.status().remaining == 0


def test_the_picks_do_not_depend_on_the_order_of_the_pool() -> None:
    one, other = make(data=pool()), make(data=pool(order="shuffled"))
    assert queue(one) == queue(other)
    for study in (one, other):
        study.record([Answer(i, truth(study, i)) for i in ["item_003", "item_010", "item_021", "item_040"]])
        study.step()
    assert queue(one)[:5] == queue(other)[:5]


@pytest.mark.parametrize("strategy", ["margin", "random", "badge", "uherding", "power-bald"])
def test_memory_and_file_studies_pick_the_same(strategy: str, tmp_path) -> None:
    studies = [make(strategy=strategy), make(tmp_path / "a.querist", strategy=strategy)]
    for study in studies:
        label_some(study, 10)
        study.step()
    assert queue(studies[0]) == queue(studies[1])


def test_another_process_goes_on_where_this_one_stopped(tmp_path) -> None:
    path = tmp_path / "a.querist"
    with make(path) as study:
        label_some(study, 10)
        study.step()
        expected, probs = queue(study), study.predict()["probs"]
    with Study.open(path) as again:
        assert again.step().fresh is False
        assert queue(again) == expected
        np.testing.assert_array_equal(again.predict()["probs"], probs)
        again.record([Answer(i, truth(again, i)) for i in expected[:5]])
        follow = queue(again) if again.step().fresh else []
    whole = make()
    label_some(whole, 10)
    whole.step()
    whole.record([Answer(i, truth(whole, i)) for i in expected[:5]])
    whole.step()
    assert follow == queue(whole)


class _Mine(Sklearn):
    """A learner that no name finds."""


def test_a_learner_given_as_an_object_must_be_given_again(tmp_path) -> None:
    from sklearn.linear_model import LogisticRegression

    path = tmp_path / "a.querist"
    make(path, learner=_Mine(LogisticRegression())).close()
    with Study.open(path) as study:
        study.tell(study.ask(1)[0].id, "low")
        with pytest.raises(BadInput, match="is not registered, and a study stores registered names only"):
            study.step()
    with Study.open(path, learner=_Mine(LogisticRegression())) as study:
        assert study.step().labels == 1


def test_create_refuses_to_overwrite(tmp_path) -> None:
    make(tmp_path / "a.querist").close()
    with pytest.raises(StudyExists):
        make(tmp_path / "a.querist")


def test_a_strategy_that_the_learner_cannot_feed_is_refused_at_once() -> None:
    with pytest.raises(MissingEvidence, match="needs draws, and the learner gives"):
        make(learner="sklearn:sklearn.linear_model.LogisticRegression", strategy="bald")


class _Broken(Sklearn):
    """A learner whose training fails once there are labels."""

    def fit(self, items, targets, **rest):  # type: ignore[no-untyped-def]
        if len(targets):
            raise FloatingPointError("loss is NaN")
        return super().fit(items, targets, **rest)


def test_a_failed_training_leaves_the_old_queue_serving() -> None:
    from sklearn.linear_model import LogisticRegression

    study = make(learner=_Broken(LogisticRegression()))
    before = queue(study)
    study.tell(before[0], "low")
    with pytest.raises(LearnerFailed, match=r"training failed: .* on 1 labels of 1 classes: loss is NaN"):
        study.step()
    assert queue(study) == before
    assert study.ask(1)[0].id == before[1]


def test_run_labels_until_the_budget() -> None:
    study = make()
    seen: list[int] = []
    status = study.run(
        lambda ids: [Answer(i, truth(study, i)) for i in ids], 22, on_step=lambda step: seen.append(step.labels)
    )
    assert status.labelled == 22
    assert seen == [0, 5, 10, 15, 20, 22]


def test_run_ends_when_the_oracle_knows_nothing() -> None:
    study = make()
    status = study.run(lambda ids: [Answer(i, kind="unsure") for i in ids], 20)
    assert (status.labelled, status.aside) == (0, 60)


def test_text_is_encoded_for_the_learner() -> None:
    texts = [f"{word} {i}" for i in range(10) for word in ("good movie", "bad film")]
    study = Study.create(None, texts, labels=["neg", "pos"], strategy="entropy", batch=4)
    for query in study.ask(16):
        study.tell(query.id, "pos" if "good" in query.data["text"] else "neg")
    study.step()
    probs = study.predict(np.array(["a good movie", "a bad film"], object))["probs"]
    assert probs.argmax(axis=1).tolist() == [1, 0]


def test_predict_says_what_the_learner_cannot_give() -> None:
    study = make(learner="sklearn:sklearn.naive_bayes.GaussianNB")
    with pytest.raises(MissingEvidence, match="it cannot give draws"):
        study.predict(needs={"draws"})


def test_past_rounds_are_read_back_for_choosers() -> None:
    from querist.study.past import past

    study = make()
    asked = label_some(study, 5)
    study.step()
    first, second = past(study.store, study._catch_up(), study.settings.held)
    assert first.strategy == "maxherding"
    assert sorted(first.labels.tolist()) == sorted(WORDS.index(truth(study, i)) for i in asked)
    assert (second.labels == -1).all()
    assert len(second.keys) == 5


def test_a_strategy_object_works_and_shows_in_the_status() -> None:
    study = make(strategy=Margin())
    assert study.status().strategy == "margin"
    assert "0 of 60 items labelled" in repr(study)
    html = study._repr_html_()
    assert "low" in html
    assert "<script" not in html


def test_names_are_escaped_in_notebooks() -> None:
    study = make(labels=["<b>", "high"])
    assert "<b>" not in study._repr_html_()
    assert "&lt;b&gt;" in study._repr_html_()


def test_real_data_in_a_file_study(tmp_path, data) -> None:
    heart = load(data / "tabular_zhan2021" / "heart.libsvm.gz")
    known = dict(zip(heart.pool.ids, heart.labels, strict=True))
    with Study.create(tmp_path / "heart.querist", heart, keep_labels=False, batch=20) as study:
        study.run(lambda ids: [Answer(i, known[i]) for i in ids], 60)
        right = study.predict()["probs"].argmax(axis=1) == [study.task.schema["labels"].index(known[i]) for i in known]
    assert right.mean() > 0.75


def test_a_study_with_an_unknown_setting_was_written_by_a_newer_querist(tmp_path) -> None:
    import json

    path = tmp_path / "a.querist"
    with make(path) as study:
        settings = json.loads(study.store.get("settings") or b"")
        study.store.put("settings", json.dumps({**settings, "colour": "red", "version": "9.0"}).encode())
    with pytest.raises(NewerStudy, match=r"written by querist 9\.0 and has a setting 'colour' that this querist"):
        Study.open(path)


def test_a_study_file_never_imports_what_somebody_wrote_in_it(tmp_path) -> None:
    import json

    path = tmp_path / "a.querist"
    with make(path) as study:
        settings = json.loads(study.store.get("settings") or b"")
        study.store.put("settings", json.dumps({**settings, "learner": "sklearn:os.path.Evil"}).encode())
    with Study.open(path) as study:
        study.tell(study.ask(1)[0].id, "low")
        with pytest.raises(BadInput, match="os"):
            study.step()


def with_clock(study: Study, seconds: float) -> None:
    """Let time pass for a study in memory."""
    before = study.store._clock
    study.store._clock = lambda: before() + round(seconds * 1000)


def test_what_was_out_during_a_step_is_offered_again_when_the_lease_has_run_out() -> None:
    study = make(data=pool(10))
    out = {q.id for q in study.ask(5, "ann")}
    label_some(study, 5, "bob")
    study.step()
    assert study.ask(5, "bob") == []
    with_clock(study, 700)
    assert {q.id for q in study.ask(5, "bob")} == out


def test_with_overlap_a_step_keeps_what_waits_for_another_opinion() -> None:
    study = make(overlap=2)
    first = label_some(study, 5, "ann")
    study.step()
    assert set(first) <= {q.id for q in study.ask(60, "bob")}


def test_nobody_is_asked_again_for_what_others_have_labelled() -> None:
    study = make()
    held = [q.id for q in study.ask(2, "ann")]
    for item in held:
        study.tell(item, "low", "somebody else")
    assert not set(held) & {q.id for q in study.ask(2, "ann")}


def test_the_latest_label_stands_and_corrects_what_came_with_the_data() -> None:
    rows = [{"x": float(i), "label": "low" if i < 3 else "high" if i < 6 else None} for i in range(9)]
    study = Study.create(None, rows, strategy="margin")
    item = next(iter(study.labels()))
    was = study.labels()[item]
    study.tell(item, "high" if was == "low" else "low", "ann")
    assert study.labels()[item] != was


def test_people_outvote_what_came_with_the_data() -> None:
    rows = [{"x": float(i), "label": "low" if i < 3 else "high" if i < 6 else None} for i in range(9)]
    study = Study.create(None, rows, strategy="margin", overlap=2)
    item = next(i for i, label in study.labels().items() if label == "low")
    study.tell(item, "high", "ann")
    assert study.labels()[item] == "high"


def test_run_ends_although_the_oracle_answers_under_its_own_name_or_not_at_all() -> None:
    study = make()
    assert study.run(lambda ids: [Answer(i, truth(study, i), who="expert") for i in ids], 12).labelled == 12
    assert study.run(lambda ids: [], 30).labelled == 12


def test_a_failed_creation_leaves_nothing_behind(tmp_path) -> None:
    path = tmp_path / "a.querist"
    with pytest.raises(LearnerFailed):
        make(path, learner="sklearn:SVC(C=-1.0)", strategy="random", data=pool(4)).run(
            lambda ids: [Answer(i, WORDS[n % 2]) for n, i in enumerate(ids)], 4
        )
    rows = [{"x": float(i), "label": WORDS[i % 2] if i < 4 else None} for i in range(9)]
    other = tmp_path / "b.querist"
    with pytest.raises(LearnerFailed):
        Study.create(other, rows, learner="sklearn:SVC(C=-1.0)", strategy="random")
    assert not list(tmp_path.glob("b.querist*"))


def test_a_creation_that_was_cut_short_is_refused(tmp_path) -> None:
    from dataclasses import replace

    path = tmp_path / "a.querist"
    with make(path) as study:
        study.store.put("settings", replace(study.settings, whole=False).dump())
    with pytest.raises(StoreFailed, match="is not whole: its creation was cut short; delete it and create it again"):
        Study.open(path)


def test_a_model_keeps_reading_items_as_it_was_trained(tmp_path) -> None:
    path = tmp_path / "a.querist"
    texts = [f"{word} {i}" for i in range(10) for word in ("good movie", "bad film")]
    with Study.create(path, texts, labels=["neg", "pos"], strategy="entropy", batch=4) as study:
        for query in study.ask(16):
            study.tell(query.id, "pos" if "good" in query.data["text"] else "neg")
        study.step()
        ask = np.array(["a good movie"], object)
        before = study.predict(ask)["probs"]
        study.add(["something wholly new in many words"])
        np.testing.assert_array_equal(study.predict(ask)["probs"], before)
        assert study.predict()["probs"].shape == (21, 2)
    with Study.open(path) as again:
        np.testing.assert_allclose(again.predict(ask)["probs"], before, rtol=1e-12)


def test_another_process_may_add_labelled_rows(tmp_path) -> None:
    path = tmp_path / "a.querist"
    with make(path) as one, Study.open(path) as other:
        rows = Pool(tuple(f"new_{i}" for i in range(4)), np.ones((4, 3)))
        other.add(rows)
        other.tell("new_1", "high", "bob")
        assert one.labels() == {"new_1": "high"}
        one.retract("new_1", "bob")
        assert one.status().items == 64


def test_the_log_says_what_was_out_and_which_model_it_was() -> None:
    study = make()
    out = sorted(q.id for q in study.ask(2, "ann"))
    study.tell(study.pool.ids[-1], "low")
    study.step()
    published = study.store.published()
    assert published is not None
    assert published.info["out"] == out
    assert len(published.info["model"]) == 32
    assert published.info["items"] == 60


def test_labels_given_as_one_string_are_refused_and_as_an_array_work() -> None:
    with pytest.raises(BadInput, match="ab"):
        make(labels="ab")
    assert set(make(labels=np.array(["low", "high"])).status().classes) == set(WORDS)

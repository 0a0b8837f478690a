"""The study: a thin shell around the functional core."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from querist.data import Pool, blocks
from querist.errors import BadInput, UnknownItem
from querist.estimate import stopping
from querist.estimate.protocol import Estimate, History, Stop, Verdict
from querist.formats import LabelRow
from querist.learners import resolve as resolve_learner
from querist.learners.protocol import Items, Learner, Predictor
from querist.store import Store, open_store
from querist.strategies.protocol import Strategy
from querist.study.audit import history, saved
from querist.study.dashboard import Dashboard, dashboard_of, forecast_of
from querist.study.facts import Query, Status, Step, Suggested, status_of
from querist.study.items import Encoding, StoredItems, cache_of
from querist.study.known import Known
from querist.study.lineage import Stage, goes_on, line, rebuilt
from querist.study.lock import holding
from querist.study.model import Model, train
from querist.study.oracle import Oracle, run
from querist.study.review import Queue, review
from querist.study.rows import label_rows
from querist.study.search import Goal
from querist.study.settings import Settings, ended, stored
from querist.study.start import chosen, dataset_of, first_labels, founding, given_in, task_of
from querist.study.step import Basis, digest_of, take
from querist.study.suspects import Suspects, suspects
from querist.tasks import Answer, Label, Remark, Task, from_schema
from querist.view import Draw, Evidence, Need

if TYPE_CHECKING:
    from querist.web.run import Running

LEASE_SECONDS = 600.0


class Study:
    """A pool, a task, a learner, a strategy, and a store that remembers every answer.

    >>> import numpy as np
    >>> study = Study.create(None, np.array([[0.0], [0.1], [0.9], [1.0]]), labels=["low", "high"], batch=2)
    >>> for query in study.ask():
    ...     _ = study.tell(query.id, "low" if query.data["features"][0] < 0.5 else "high")
    >>> study.step().labels
    2
    """

    def __init__(
        self, store: Store, settings: Settings, strategy: Strategy, learner: Learner | None = None, *,
        cache: Path | None = None,
    ) -> None:  # fmt: skip
        self.store, self.settings, self.strategy, self._learner = store, settings, strategy, learner
        self.task: Task = from_schema(settings.task)
        self._items = StoredItems(store, Encoding(settings.encoder, cache))
        self._known = Known(self.task, self.pool, settings.overlap, settings.held)
        self._model: Model | None = None
        self._said = Suggested(store)

    @classmethod
    def create(
        cls,
        path: str | PathLike[str] | None,
        data: Any,
        *,
        task: Task | str = "classification",
        labels: Sequence[Label] | None = None,
        learner: Learner | str | None = None,
        strategy: Strategy | str | None = None,
        batch: int = 10,
        seed: int = 0,
        overlap: int = 1,
        suggestions: bool = True,
        reserve: int | None = None,
        keep_labels: bool = True,
        encoder: str | None = None,
        audit: float | str | None = None,
        duplicates: str = "ask",
        goal: Goal | None = None,
        cost: str = "task",
        **reading: Any,
    ) -> Study:
        """Start a study, and rank its first queue without any label.

        ``path`` is a file (``name.querist``), a database URL, or None to keep everything in memory. ``data`` is
        whatever ``querist.load`` reads (``reading`` goes there: text=, label=, id=, group=); labels found in it are
        kept as answers unless ``keep_labels`` is False. ``labels`` names the classes; default: those found. ``learner``
        and ``strategy`` are by default the task's own. ``reserve`` is how many items a queue holds after its batch;
        default: max(2 × batch, 50 × people, 1,000). ``encoder`` describes images or texts (``querist.embed``); what
        it gives is kept in ``name.querist.cache``, which may be deleted. ``audit`` is the share of what is asked that
        is random and trains nothing, so that ``status`` tells the accuracy; default: 0.1 for classes in 300 items or
        more; "prequential" trains on each once scored. ``goal`` seeks one class; ``duplicates`` "exact" or "near" asks
        each text once. ``cost`` "seconds" gives strategies such as ``per-cost`` the seconds that an answer will take,
        learned from those so far. Raises StudyExists, BadData, BadLabel, UnknownName.
        """
        dataset = dataset_of(data, reading)
        made = task_of(task, labels, dataset)
        settings, rule, model = chosen(
            dataset.pool, made, learner=learner, strategy=strategy, audit=audit, goal=goal, duplicates=duplicates,
            batch=batch, seed=int(seed), overlap=overlap, suggestions=suggestions, reserve=reserve, encoder=encoder,
            cost=cost,
        )  # fmt: skip
        given = first_labels(dataset, made) if keep_labels else []
        with founding(path) as store:
            store.put("pool/1", blocks.dump(dataset.pool))
            store.put("settings", replace(settings, whole=False).dump())
            study = cls(store, settings, rule, model, cache=cache_of(path))
            study.record(given)
            study.step()
            store.put("settings", settings.dump())
        return study

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        *,
        learner: Learner | str | None = None,
        strategy: Strategy | str | None = None,
        encoder: str | None = None,
    ) -> Study:
        """Open a study again.

        A learner or strategy given as an object, or by a dotted name, is not stored: give it again. ``encoder`` is for
        an encoder's file that has moved. Raises StudyNotFound, NewerStudy.
        """
        store = open_store(path)
        rule, model, settings = stored(store, path).models(strategy, learner)
        settings = replace(settings, encoder=encoder or settings.encoder)
        return cls(store, settings, rule, model, cache=cache_of(path))

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pool(self) -> Pool:
        """The items, in ingest order."""
        return self._items.pool

    @property
    def batch(self) -> int:
        """The number of items that one round chooses."""
        return self.settings.batch

    @property
    def seed(self) -> int:
        """The seed of every draw."""
        return self.settings.seed

    @property
    def learner(self) -> Learner:
        """The learner, built when first needed; an error says so when it must be given again."""
        if self._learner is None and self.settings.learner is not None:
            # dotted=False: a dotted name in a study file would import whatever somebody wrote there
            self._learner = resolve_learner(self.settings.learner, dotted=False)[0]
        if self._learner is None:
            raise BadInput(
                f"the learner {self.settings.learner_text} is not registered, and a study stores registered names "
                "only: open the study with learner=… (command line: --learner …)"
            )
        return self._learner

    def add(self, data: Any, **reading: Any) -> int:
        """Add rows to the running study; ids that are there already are left alone, labels found are kept.

        Returns how many were new; the next step ranks them with the rest.
        """
        dataset = dataset_of(data, {**reading, "like": self.pool})
        given = given_in(dataset, self.task)
        with holding(self.store, "add", "another process is adding items to this study: try again in a moment"):
            fresh = self._items.append(dataset.pool)
        self.record(given)
        return fresh

    # People: ask, tell, and what they may take back.

    def ask(self, n: int | None = None, who: str = "") -> list[Query]:
        """Hand out up to n items (default: the batch), best first; the person's own open items come first.

        Reads the ranked queue and never trains. An empty list means that none is free now: see ``status``.
        """
        wanted = self.batch if n is None else n
        claims = self.store.claim(who, wanted, seconds=LEASE_SECONDS, overlap=self.settings.overlap)
        for claim in claims:
            self._must_know(claim.item)
        return [Query.of(claim, self.pool.media(claim.item).data, self._said.of(claim.round)) for claim in claims]

    def _must_know(self, item: str) -> None:
        if item not in self.pool:
            self._items.refresh()
            self.pool.rows([item])

    def tell(
        self,
        item: str,
        label: Label,
        who: str = "",
        *,
        seconds: float | None = None,
        cost: float | None = None,
        lease: str | None = None,
        uid: str | None = None,
    ) -> int:
        """Record a label; when this returns it is on the disk. Returns the log position.

        Raises BadLabel, UnknownItem; nothing is recorded then.
        """
        return self.record([Answer(item, label, "label", who, seconds, cost, lease, uid)])[0]

    def skip(self, item: str, who: str = "", *, unsure: bool = False) -> int:
        """Set an item aside: skipped (not now), or unsure (looked, cannot tell). It is offered again last."""
        return self.record([Answer(item, kind="unsure" if unsure else "skip", who=who)])[0]

    def retract(self, item: str, who: str = "") -> int:
        """Take the person's answer on an item back; the log keeps both."""
        if who not in {answer.who for answer in self.answers(item)}:
            raise UnknownItem(f"nothing to retract: {who!r} has no standing answer on item {item!r}")
        return self.record([Answer(item, kind="retract", who=who)])[0]

    def note(self, item: str, who: str = "", **said: Unpack[Remark]) -> int:
        """Keep what a person remarks beside an item: flag=True, comment="…", reviewed=True; it never trains.

        The latest of each stands; informed=True: the label before it was given in a review. Exports carry it. Raises
        UnknownItem, BadInput. Returns the log position.
        """
        return self.record([Answer(item, dict(said), "note", who)])[0]

    def review(self, kind: str = "label-errors", *, fresh: bool = True) -> Queue:
        """List what deserves a second look, worst first: label-errors, disagreements, unsure or flagged items.

        Labels are judged anew (five fits) when answers have come since, unless ``fresh`` is False. Raises BadInput.
        """
        return review(self.store, self._catch_up(), kind, self._suspects if fresh else None)

    def _suspects(self) -> Suspects:
        return suspects(self.learner, self._known, self._items.encoded(self.learner.eats), self.seed)

    def record(self, answers: Iterable[Answer]) -> list[int]:
        """Record many answers in one transaction: all of them or, on an error, none."""
        checked = [self._checked(answer) for answer in answers]
        return self.store.record(checked) if checked else []

    def _checked(self, answer: Answer) -> Answer:
        self._must_know(answer.item)
        if answer.kind != "label":
            return answer
        label, item = self.check(answer.item, answer.label), self.pool.raw(answer.item)
        return replace(answer, label=label, cost=self.task.cost(label, item) if answer.cost is None else answer.cost)

    def check(self, item: str, label: Label) -> Label:
        """Give a label as the study would keep it; raises BadLabel, UnknownItem."""
        self._must_know(item)
        return self.task.check(label, self.pool.raw(item))

    def labels(self) -> dict[str, Label]:
        """Give the agreed label of each labelled item, in ingest order."""
        known = self._catch_up()
        return {id: known.labels[id] for id in (self.pool.ids[row] for row in known.answered.tolist())}

    def answers(self, item: str) -> tuple[Answer, ...]:
        """Give the standing answers on an item, one per person, in the order they came."""
        self._must_know(item)
        return self._catch_up().answers(item)

    def rows(self, *, everything: bool = False) -> Iterator[LabelRow]:
        """Give each answered item, or every item, with its answers, the model's word and how it was chosen."""
        return label_rows(self, everything=everything)

    def _catch_up(self) -> Known:
        events = self.store.events(self._known.position)
        if any(event.answer.item not in self.pool for event in events):
            self._items.refresh()
        self._known.use(self.pool)
        self._known.read(events)
        return self._known

    # The model: step, and what it predicts.

    def step(self) -> Step:
        """Train on the labels so far, score the pool, publish the next queue.

        Idempotent per log position: with no answer since the last step, nothing is done. Raises LearnerFailed, and then
        the previous queue and model keep serving.
        """
        if (there := self._there()) is not None:
            return there
        with holding(self.store, "step", "another process is training this study: its queue appears when it is done"):
            return self._there() or self._step()

    def _there(self) -> Step | None:
        """Give the step that was done already for this log position, if any."""
        self._items.refresh()
        known, current = self._catch_up(), self.store.published()
        if current is None or current.info["digest"] != self._digest(known.position):
            return None
        return Step(**{**current.info["step"], "fresh": False})

    def _digest(self, position: int) -> str:
        return digest_of(self.settings, position, len(self.pool), self._items.versions(self.learner))

    def _step(self) -> Step:
        warm = self._current() if goes_on(self.learner, self.settings, self.store, self._known) else None
        encoded, twins = self._items.encoded(self.learner.eats), self._items.twins(self.settings.duplicates)
        digest = self._digest(self._known.position)
        basis = Basis(self.settings, self.strategy, self.learner, self._known, encoded, digest, twins, warm)
        step, self._model = take(basis, self.store)
        return step

    def finish(self) -> Step:
        """End the study: train the last model on every label, those of the audit too. There is no way back.

        Nothing is left to score that model: ``status`` keeps the figures of the one before it, which had fewer labels.
        """
        self.settings, self._model = ended(self.store, self.settings), None
        self._known = Known(self.task, self.pool, self.settings.overlap, self.settings.held)
        return self.step()

    def _current(self) -> Model:
        """The model of the current round; rebuilt from the log when another process trained it."""
        stages = line(self.settings, self.store) or (Stage(0, len(self.pool)),)
        self._model = rebuilt(stages, self._model, self._trained)
        return self._model

    def _trained(self, stage: Stage, warm: Model | None) -> Model:
        known = self._catch_up().as_of(*stage, self.store.events())
        return train(self.learner, self.settings, known, self._items.encoded(self.learner.eats, stage.items), warm)

    @property
    def predictor(self) -> Predictor:
        """The trained model of the current round; it eats encoded items, see ``predict``."""
        return self._current().predictor

    def predict(self, items: Items | None = None, needs: Set[Need] = frozenset({"probs"})) -> Evidence:
        """Predict the whole pool, or other items in the pool's raw form, with the current model."""
        model = self._current()
        if items is None and model.items == len(self.pool):
            return model.predict_encoded(needs)  # images would else be read again
        return model.predict(self.pool.items if items is None else items, needs)

    # The overview, and the whole loop in one call.

    def status(self) -> Status:
        """Say where the study stands."""
        self._items.refresh()
        known, counts, current = self._catch_up(), self.store.counts(), self.store.published()
        return status_of(self.settings, known, counts=counts, current=current)

    def dashboard(self) -> Dashboard:
        """Give the figures of the dashboard: the curve and its forecast, figures by class, calibration, people."""
        return dashboard_of(self.settings, self._catch_up(), self.store)

    def history(self) -> History:
        """Give what the stopping rules see: every model on the audit's items, and the answers on them."""
        current = self.store.published()
        return history(self.store, self._catch_up(), self.settings.held, rounds=0 if current is None else current.round)

    def advice(self, rule: Stop | str = stopping.DEFAULT) -> Verdict:
        """Ask a stopping rule, by name or as a function, whether to stop; its sentence says why.

        The rules need an audit, see ``querist.estimate.stopping``.
        """
        return (stopping.rule(rule) if isinstance(rule, str) else rule)(self.history())

    def forecast(self, more: int = 50) -> Estimate:
        """Forecast the accuracy after ``more`` labels from the learning curve on the audit."""
        return forecast_of(self.history(), more, Draw(self.seed, self._catch_up().position))

    def labels_saved(self) -> Estimate:
        """Tell how many random labels each label was worth; trains 20 models on parts of the audit."""
        return saved(self._catch_up(), self.settings.held, self.learner, self._current())

    def run(self, oracle: Oracle, budget: int, *, on_step: Callable[[Step], None] | None = None) -> Status:
        """Label with an oracle until ``budget`` items have a label or none is left: step, ask, tell, repeat."""
        return run(self, oracle, budget, on_step=on_step)

    def label(self, **options: Any) -> Running:
        """Open the labelling app in the browser, beside this program: who=, port=, browser=False to get its ``url``."""
        from querist.web.run import label

        return label(self, **options)

    def _repr_html_(self) -> str:
        return self.status().html()

    def __repr__(self) -> str:
        return f"<Study: {self.status().sentence()}>"

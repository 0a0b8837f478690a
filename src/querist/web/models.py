"""What goes over the wire: one model for each JSON object; the front end's types are generated from these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from querist.web.models_labels import Label

Kind = Literal["label", "skip", "unsure", "retract", "note"]
Name = Annotated[str, Field(max_length=200)]
ItemId = Annotated[str, Field(min_length=1, max_length=4_096)]
Uid = Annotated[str, Field(min_length=1, max_length=100)]
MAX_CLAIM = 20
MAX_ANSWERS = 500
MAX_COMMENT = 10_000
MAX_GUIDELINES = 200_000


class Given(BaseModel):
    """What a browser sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Said(BaseModel):
    """What the server says: every field is always there."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Problem(Said):
    """Any error: one sentence that says what, where and what to do."""

    error: str


class Empty(Said):
    """Done; there is nothing to tell."""


class TaskSchema(Said):
    """The form of a label; a task adds what it needs beside these."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str
    labels: list[str | int]


class StudyInfo(Said):
    """What the browser must know of the study before the first item."""

    name: str
    task: TaskSchema
    view: str
    view_url: str | None
    guidelines: str
    suggestions: bool
    overlap: int
    batch: int


class Session(Said):
    """Who is here; ``csrf`` goes back in the header X-Querist-CSRF of whatever changes something."""

    who: str
    csrf: str
    version: str
    study: StudyInfo | None
    root: bool


class Seen(Said):
    """Something the model saw in an image, and how probable it is.

    ``place`` is x, y, width and height of a box, or x and y of a particle's centre, in pixels of the original.
    """

    label: str | int
    score: float
    place: list[float]


class Suggestion(Said):
    """What the model would answer; ``confidence`` is its probability of being right, null where it gives none.

    ``seen`` lists all that it saw, the surest first, also what it holds less likely than not; null where it told none.
    """

    label: Label
    confidence: float | None
    seen: list[Seen] | None
    round: int
    age_seconds: float
    strategy: str


class Standing(Said):
    """A person's standing answer on an item; ``at`` in milliseconds since 1970, ``informed``: given in a review."""

    kind: Literal["label", "skip", "unsure"]
    label: Label | None
    at: int
    informed: bool


class Note(Said):
    """A person's flag and comment on an item."""

    flag: bool
    comment: str


class Item(Said):
    """One item as the browser shows it; ``lease`` and ``expires`` (milliseconds since 1970) are null without a lease.

    ``data`` has the fields of a record, or ``text``, or ``image`` (a path on this server), ``width`` and ``height``;
    then ``levels`` (a path), whether it is a ``scan``, and of a video or series the ``frames`` about it, {id, image}.
    """

    id: str
    lease: str | None
    expires: int | None
    view: str
    data: dict[str, Any]
    suggestion: Suggestion | None
    why: str
    audit: bool
    mine: Standing | None
    note: Note | None


class Levels(Said):
    """The range of an image's recorded values, the window to begin with, and a warning of its file or ""."""

    low: float
    high: float
    centre: float
    width: float
    warning: str


class ClaimRequest(Given):
    """How many items the browser wants to hold."""

    n: int = Field(ge=1, le=MAX_CLAIM)


class Claimed(Said):
    """Items on lease. ``state`` says what an empty list means, ``free`` how many items nobody has answered or holds."""

    items: list[Item]
    state: Literal["ready", "training", "waiting", "done"]
    free: int
    message: str


class Lease(Said):
    """Until when this person holds an item, in milliseconds since 1970."""

    item: str
    expires: int


class Leases(Said):
    """This person's leases."""

    leases: list[Lease]


class ReleaseRequest(Given):
    """Which items to give back, null for all; a beacon cannot send headers, so ``csrf`` may stand here."""

    items: list[ItemId] | None = Field(default=None, max_length=1_000)
    csrf: str | None = Field(default=None, max_length=100)


class AnswerGiven(Given):
    """One answer. ``uid`` makes it count once however often it is sent.

    ``label`` is for the kind label; ``flag``, ``comment``, ``reviewed`` and ``informed`` (the label before it was given
    in a review) for the kind note, an absent one stays as it was. ``bulk`` says that
    many items were answered at once: refused of the audit, and of what others have.
    """

    uid: Uid
    item: ItemId
    kind: Kind
    label: Label | None = None
    seconds: float | None = Field(default=None, ge=0, le=1e9)
    lease: str | None = Field(default=None, max_length=100)
    flag: bool | None = None
    comment: str | None = Field(default=None, max_length=MAX_COMMENT)
    reviewed: bool | None = None
    informed: bool | None = None
    bulk: bool | None = None


class AnswersGiven(Given):
    """Answers from the browser's outbox."""

    answers: list[AnswerGiven] = Field(max_length=MAX_ANSWERS)


class Recorded(Said):
    """An answer that is on the disk, at its position in the log."""

    uid: str
    position: int


class Refused(Said):
    """An answer that cannot be kept, and why; sending it again will not help."""

    uid: str
    error: str


class AnswersTaken(Said):
    """What became of each answer."""

    recorded: list[Recorded]
    refused: list[Refused]


class HistoryEntry(Said):
    """One entry of a person's log, ``at`` in milliseconds since 1970; ``preview`` is the start of the item's text."""

    item: str
    kind: Kind
    label: Label | None
    at: int
    preview: str


class Part(Said):
    """One number that went into the choice of an item."""

    name: str
    value: float


class ClassChance(Said):
    """The model's probability of one class."""

    label: str | int
    p: float


class Neighbour(Said):
    """A labelled item near this one, by the cosine distance of what the model sees: 0 is the same."""

    id: str
    label: Label
    distance: float
    preview: str


class Example(Said):
    """An item named in passing."""

    id: str
    preview: str


class Cluster(Said):
    """The unlabelled items that an item stands for: those to which it is the nearest of its batch, estimated."""

    count: int
    examples: list[Example]


class Why(Said):
    """Why an item was asked. ``acquisition`` is what the strategy expects to learn, and no probability."""

    reason: str
    strategy: str
    acquisition: float | None
    parts: list[Part]
    probs: list[ClassChance] | None
    neighbours: list[Neighbour]
    cluster: Cluster | None
    audit: bool
    round: int


class Person(Said):
    """How many items have a standing label of a person."""

    who: str
    n: int


class ModelInfo(Said):
    """The model of one round; ``at`` in milliseconds since 1970, ``seconds`` of training and choosing."""

    round: int
    labels: int
    seconds: float
    at: int
    learner: str
    strategy: str


class Estimate(Said):
    """How good the model is, from items drawn at random, with an interval that stays valid."""

    metric: str
    value: float
    low: float
    high: float
    n: int
    confidence: float
    sentence: str


class CurvePoint(Said):
    """One point of the learning curve."""

    labels: int
    value: float
    low: float
    high: float
    n: int


class Saved(Said):
    """How many labels the choice has saved against random ones."""

    factor: float
    low: float
    high: float
    sentence: str


class StopAdvice(Said):
    """Whether to stop, with the rule in words."""

    stop: bool
    sentence: str


class Training(Said):
    """What the training process does; ``since`` in milliseconds since 1970, ``log`` the end of what it wrote."""

    state: Literal["idle", "running", "failed"]
    since: int
    message: str
    log: list[str]


class StatusInfo(Said):
    """Where the study stands."""

    sentence: str
    items: int
    labelled: int
    aside: int
    leased: int
    remaining: int
    classes: dict[str, int]
    people: list[Person]
    per_minute: float
    round: int
    model: ModelInfo | None
    models: list[ModelInfo]
    behind: int
    estimate: Estimate | None
    curve: list[CurvePoint]
    saved: Saved | None
    stop: StopAdvice | None
    training: Training


class TrainState(Said):
    """What became of the wish to train."""

    state: Literal["idle", "running", "failed"]


class Guidelines(Given):
    """How to label, in the words of whoever leads the study; plain text."""

    text: str = Field(max_length=MAX_GUIDELINES)

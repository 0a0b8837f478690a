"""Names in news: 3,000 tokens of sentences at random, of unsure sentences, of unsure stretches of sentences.

    python examples/label_entities.py [FOLDER]

FOLDER holds train.txt and test.txt with a token and its tag in each line; by default CoNLL-2003 of the shared data
beside the checkout. Takes about half a minute, and writes the last labels to labels.conll.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

import querist
from querist.data import Dataset, load_test
from querist.formats import label_format
from querist.study import Study
from querist.tasks import from_labels

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "nlp_conll2003"
SENTENCES = 2000
LIMITS = (800, 1600, 3000)
"""Tokens that each round may reach; the first asks for sentences at random, since there is no model yet."""


def main() -> int:
    """Label with each strategy until the tokens are spent, and say how well the model finds names it has not seen."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if not folder.is_dir():
        print(f"CoNLL-2003 is not at {folder}: give the folder of its train.txt and test.txt", file=sys.stderr)
        return 2
    train = querist.load(folder)
    test = load_test(folder, like=train.pool)
    few = Dataset(train.pool.take(np.arange(SENTENCES)), train.labels[:SENTENCES])
    for strategy in ("random", "mnlp", "subsequence"):
        with study_of(few, strategy) as study:
            spent = labelled(study, few)
            step = study.step()
            found = study.predict(test.pool.items, {"elements", "places"})
            score = study.task.metrics(study.task.encode(test.labels), found)["f1"]
            print(f"{strategy:12} {step.labels} sentences, {spent:.0f} tokens: F1 {score:.3f}")
            with Path("labels.conll").open("w", encoding="utf-8") as file:
                label_format("conll").write_labels(list(study.rows()), file)
    return 0


def study_of(data: Dataset, strategy: str) -> Study:
    """Start a study of the texts alone."""
    task = from_labels("spans", data.labels)
    return Study.create(None, replace(data, labels=None), task=task, strategy=strategy, batch=200, suggestions=False)


def labelled(study: Study, data: Dataset) -> float:
    """Answer what the study asks, as somebody who knows the spans; gives the tokens that were looked at."""
    truth = dict(zip(data.pool.ids, data.labels, strict=True))
    spent = 0.0
    for limit in LIMITS:
        while spent < limit:
            query = study.ask(1)[0]
            label = truth[query.id]
            if query.asked:
                label = study.task.within(label, query.asked, study.pool.raw(query.id))
            study.tell(query.id, label)
            spent += study.answers(query.id)[0].cost
        study.step()
    return spent


if __name__ == "__main__":
    sys.exit(main())

"""Sentiment of film reviews: 100 labels, random or chosen, on TF-IDF and on the rows of a sentence model.

    python examples/label_sentiment.py [FOLDER] [MODEL]

FOLDER holds train.jsonl and test.jsonl with the columns text and label; by default SST-2 of the shared data beside the
checkout. MODEL is the folder of a sentence model, such as all-MiniLM-L6-v2; without it TF-IDF is shown alone. Takes
ten seconds, with the model a minute or two, and writes the labels to sentiment.jsonl and to the folder sentiment.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

import querist
from querist.data import Dataset, load_test
from querist.formats import folder_format, label_format
from querist.study import Study

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "nlp_sst2"
TEXTS, LABELS, BATCH = 2000, 100, 10


def main() -> int:
    """Label with each way of describing texts and of choosing them, and measure the model on the test part."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if not folder.is_dir():
        print(f"SST-2 is not at {folder}: give the folder of its train.jsonl and test.jsonl", file=sys.stderr)
        return 2
    train = querist.load(folder, text="text", label="label")
    test = load_test(folder, like=train.pool, text="text", label="label")
    few = Dataset(train.pool.take(np.arange(TEXTS)), train.labels[:TEXTS])
    for encoder in (None, *sys.argv[2:3]):
        for strategy in ("random", "auto"):
            score = labelled(few, test, encoder, strategy)
            name = "TF-IDF" if encoder is None else "sentence model"
            print(f"{name:15} {strategy:7} {LABELS} labels: {score:.3f} right", flush=True)
    return 0


def labelled(data: Dataset, test: Dataset, encoder: str | None, strategy: str) -> float:
    """Answer what a study asks, as somebody who knows, and export; gives the accuracy on the test part."""
    truth = dict(zip(data.pool.ids, data.labels, strict=True))
    texts, names = replace(data, labels=None), sorted(set(data.labels))
    with Study.create(None, texts, labels=names, strategy=strategy, encoder=encoder, batch=BATCH, audit=0.0) as study:
        while len(study.labels()) < LABELS:
            for query in study.ask():
                study.tell(query.id, truth[query.id], who="me")
            study.step()
        export(study)
        probs = study.predict(test.pool.items)["probs"]
        return float(np.mean([names[code] for code in probs.argmax(axis=1)] == np.array(test.labels)))


def export(study: Study) -> None:
    """Write the labels with how each text was chosen, and a folder for ``datasets.load_from_disk``."""
    rows = list(study.rows())
    with Path("sentiment.jsonl").open("w", encoding="utf-8") as file:
        label_format("jsonl").write_labels(rows, file)
    folder_format("hugging-face").write_folder(rows, Path("sentiment"))


if __name__ == "__main__":
    sys.exit(main())

"""MNIST with a small CNN: 20 labels, then 40 more that BatchBALD asks for, beside 40 at random.

    python examples/mnist_cnn.py [FOLDER]

FOLDER holds the idx files of MNIST; by default the shared data beside the checkout. Takes about half a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import querist
from querist.learners import resolve

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "image_mnist"
LEARNER = "dropout(base=\"torch(module='cnn', epochs=40)\", draws=20)"


def main() -> int:
    """Compare both ways of choosing, with the same network and the same first labels."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if not folder.is_dir():
        print(f"MNIST is not at {folder}: give the folder of its idx files", file=sys.stderr)
        return 2
    train = querist.load(folder)
    images = np.asarray(train.pool.items[:3000], np.float32) / 255
    codes = np.array([int(str(label)) for label in train.labels[:3000]])
    pool, test = slice(0, 2000), slice(2000, 3000)
    first = np.concatenate([np.flatnonzero(codes[pool] == digit)[:2] for digit in range(10)])
    learner, _ = resolve(LEARNER)
    for strategy in ("random", "batchbald"):
        rows = first
        while True:
            rng = np.random.default_rng(len(rows))
            model = learner.fit(images[rows], codes[rows], classes=10, rng=rng, pool=images[pool])
            probs = model.predict(images[test], {"probs"})["probs"]
            print(f"{strategy:10} {len(rows)} labels: {(probs.argmax(axis=1) == codes[test]).mean():.3f} right")
            if len(rows) == 60:
                break
            free = np.setdiff1d(np.arange(2000), rows)
            needs = frozenset({"draws"} if strategy == "batchbald" else ())
            evidence = model.predict(images[free], needs)
            ids = [str(row) for row in free]
            rows = np.concatenate([rows, free[querist.query(strategy, 20, ids=ids, seed=0, **evidence)]])
    return 0


if __name__ == "__main__":
    sys.exit(main())

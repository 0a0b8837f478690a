"""CIFAR-10 on features of a frozen network: which images to label, by random, margin and auto.

    python examples/cifar_features.py [FOLDER] [ENCODER]

FOLDER holds the batches of CIFAR-10, ENCODER is an ONNX file of any network that describes images; by default both are
the shared data beside the checkout. 800 images to choose from, 400 to test on; about half a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import querist
from querist.data import Dataset
from querist.simulate import simulate

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
PLACES = (SHARED / "image_cifar10", SHARED / "models" / "mobilenet_v1_0.25_128.onnx")


def main() -> int:
    """Describe the images once, replay their labelling with three strategies, and print what each needed."""
    folder, encoder = [*map(Path, sys.argv[1:3]), *PLACES[len(sys.argv) - 1 :]]
    if not folder.is_dir() or not encoder.is_file():
        print(f"not there: {folder} or {encoder}; give the folder of CIFAR-10 and an ONNX file", file=sys.stderr)
        return 2
    found = querist.load(folder)
    rows = np.random.default_rng(0).permutation(len(found.pool))[:1200]
    labels = [found.labels[row] for row in rows.tolist()]
    some = Dataset(found.pool.take(rows), labels, "cifar10", ())
    outcome = simulate(
        some, strategies=("random", "margin", "auto"), encoder=str(encoder), learner="linear(C=0.03)",
        initial=20, batch=20, budget=200, seeds=(0, 1), test_size=1 / 3,
    )  # fmt: skip
    for row in outcome.summary["rows"]:
        area, last = row["aubc"]["mean"], row["final"]["accuracy"]["mean"]
        print(f"{row['strategy']:8} accuracy over 200 labels {area:.3f}, at the end {last:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

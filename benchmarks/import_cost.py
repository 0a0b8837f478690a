"""What ``import querist`` costs beside ``import numpy``: CPU milliseconds of fresh processes, medians.

Run: python benchmarks/import_cost.py [runs]
"""

from __future__ import annotations

import statistics
import subprocess
import sys

CODE = "import time; start = time.process_time(); import {name}; print((time.process_time() - start) * 1000)"


def cost(name: str, runs: int) -> float:
    """Measure the CPU milliseconds of an import, median over fresh processes."""
    code = CODE.format(name=name)
    times = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(runs)]
    return statistics.median(times)


def main() -> None:
    """Print the two costs and their difference."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    cost("querist", 1)
    numpy, querist = cost("numpy", runs), cost("querist", runs)
    print(f"import numpy {numpy:.0f} ms, import querist {querist:.0f} ms: {querist - numpy:+.0f} ms ({runs} runs, CPU)")


if __name__ == "__main__":
    main()

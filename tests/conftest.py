"""Where the real data lie, and how a skip becomes a failure on a machine that must have everything."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from postgres_server import postgres, postgres_server

if "PYTEST_XDIST_WORKER" in os.environ and "numpy" not in sys.modules:
    # Workers share the cores: threads of linear algebra on top of them, here and in what a test starts, would wait for
    # each other. A test alone, without workers, has them all.
    for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(_name, "1")

pytest.register_assert_rewrite("querist.testing")
# No deadline, which would assert a wall-clock time; in CI the same examples every time, so that a failure repeats.
settings.register_profile("querist", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("querist")
__all__ = ["postgres", "postgres_server"]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MUST_NOT_SKIP = ("data", "postgres", "browser", "torch")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data sets beside the checkout."""
    if not DATA.is_dir():
        pytest.skip(f"the shared data sets are not at {DATA}")
    return DATA


def pytest_collection_finish() -> None:
    """Let the garbage collector skip modules and thousands of tests: each look at them takes nearly a second."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    needs = [m for m in MUST_NOT_SKIP if item.get_closest_marker(m)]
    if "data" in getattr(item, "fixturenames", ()):
        needs.append("data")
    if report.skipped and needs and os.environ.get("QUERIST_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped for want of {', '.join(needs)}, which this machine must have: {report.longrepr}"
    return report

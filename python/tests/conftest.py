"""Skipped tests are counted with those of the other steps (`cargo xtask test`)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

SKIPS = os.environ.get("HINTON_SKIPS")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Appends a line for a test that was skipped: what it needs, its name, why."""
    if SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        _append(report.nodeid, report.longrepr)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """The same for a module that is skipped as a whole."""
    if SKIPS and report.skipped:
        _append(report.nodeid, report.longrepr)


def _append(test: str, told: object) -> None:
    why = str(told[2]) if isinstance(told, tuple) else str(told)
    why = " ".join(why.removeprefix("Skipped: ").split())
    with open(SKIPS or os.devnull, "a", encoding="utf-8") as file:
        file.write(f"libraries\t{test}\t{why}\n")

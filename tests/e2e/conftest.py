"""One demo for all the tests that only read or clean up after themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.running import Demo, Running


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A running demo of 90 pupils."""
    with Running(tmp_path_factory.mktemp("demo") / "data", 90) as running:
        yield running


@pytest.fixture
def own_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A running demo that a test may change at will."""
    with Running(tmp_path_factory.mktemp("own") / "data", 60) as running:
        yield running

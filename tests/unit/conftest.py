"""Fixtures of the tests of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def served(tmp_path: Path, counting: str) -> Callable[..., None]:
    """Return a function that runs a test against an application that judges by the number of links."""
    from unit_server import serving

    from moderator import load

    def run(test: Callable[..., Any], **options: Any) -> None:
        async def inside() -> None:
            async with serving(tmp_path, load(counting), **options) as (app, ask):
                await test(app, ask)

        asyncio.run(inside())

    return run

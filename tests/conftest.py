"""Fixtures of all tests."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from moderator import load, store
from moderator.cli.main import main
from moderator.detectors import Table, built_in
from moderator.features import FIELDS
from moderator.pipeline import Moderator
from moderator.topics import TERM_BITS, Rarity

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def moderator() -> Moderator:
    """Return the moderator that ships."""
    return load()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the data sets that are not part of the project, or skip."""
    path = Path(os.environ.get("MODERATOR_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"needs the data sets: {path} is not there (set MODERATOR_DATA)")
    return path


class Content(NamedTuple):
    """What a model is made of, ready for `store.write`."""

    manifest: dict[str, Any]
    arrays: dict[str, Any]


@pytest.fixture(scope="session")
def content() -> Content:
    """Return a model that only counts links: one is published, two are held, eight are rejected."""
    arrays = {name: np.zeros(16, np.int8) for name in FIELDS}
    arrays |= {name: np.ones(1 << TERM_BITS, np.uint8) for name in Rarity._fields}
    codes = [code for detector in built_in({n: Table(arrays[n], 0.0, 0.0) for n in FIELDS}) for code in detector.codes]
    curves = {code: [[0.0, 0.0], [1.0, 10.0 if code == "links/count" else 0.0]] for code in codes}
    rules = {"bias": -5.0, "hold": 0.4, "reject": 0.9, "curves": curves}
    policy = {"id": "", "comment": rules, "page": rules}
    fields = {name: {"scale": 0.0, "bias": 0.0} for name in FIELDS}
    name = store.digest(arrays, {"fields": fields, "policy": policy})[: store.NAME]
    return Content({"id": name, "fields": fields, "policy": {**policy, "id": name}}, arrays)


@pytest.fixture(scope="session")
def counting(content: Content, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder of the model that counts links, for `--model`."""
    return str(store.write(tmp_path_factory.mktemp("models"), *content, {}))


class Ran(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Return a function that runs the command line, as a process would, in this one."""

    def ran(*arguments: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
        with pytest.raises(SystemExit) as ended:
            main(list(map(str, arguments)))
        out, err = capsysbinary.readouterr()
        return Ran(int(ended.value.code or 0), out.decode(), err.decode())

    return ran

"""Models on disk: whole or not at all, and never trusted."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moderator import load, store
from moderator.errors import ModelError


@pytest.fixture
def model(content: Any, tmp_path: Path) -> Path:
    """Return a model that was written just now."""
    return store.write(tmp_path / "models", *content, {"card.md": "# A card\n"})


def edit(model: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = model / store.MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def forge(model: Path, members: dict[str, bytes], *, packed: int = zipfile.ZIP_DEFLATED) -> None:
    """Replace arrays of a model, and make digests and name fit: what somebody with bad intentions would do."""
    with zipfile.ZipFile(model / store.WEIGHTS) as archive:
        members = {name: archive.read(name) for name in archive.namelist()} | members
    with zipfile.ZipFile(model / store.WEIGHTS, "w", packed) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    sign(model)


def sign(model: Path) -> None:
    """Make the digests and the name of a model fit what is in it."""
    data = (model / store.WEIGHTS).read_bytes()

    def signed(manifest: dict[str, Any]) -> None:
        numbers = {"fields": manifest["fields"], "policy": {**manifest["policy"], "id": ""}}
        name = hashlib.sha256(data + json.dumps(numbers, sort_keys=True).encode()).hexdigest()
        manifest["id"] = name[: store.NAME]
        manifest["sha256"][store.WEIGHTS] = hashlib.sha256(data).hexdigest()

    edit(model, signed)


def npy(array: np.ndarray[Any, Any], **header: Any) -> bytes:
    """Return an array as a file whose header may say something else."""
    file = io.BytesIO()
    described = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape, **header}
    np.lib.format.write_array_header_1_0(file, described)
    return file.getvalue() + array.tobytes()


def refused(model: Path) -> str:
    with pytest.raises(ModelError) as error:
        store.read(model)
    return str(error.value)


# Written and read


def test_a_model_reads_back(content: Any, model: Path) -> None:
    artefact = store.read(model)
    assert artefact.id == model.name == content.manifest["id"]
    assert artefact.arrays.keys() == content.arrays.keys()
    for name, array in content.arrays.items():
        assert artefact.arrays[name].dtype == array.dtype
        assert (artefact.arrays[name] == array).all()
    assert {key: artefact.manifest[key] for key in content.manifest} == content.manifest
    assert (model / "card.md").read_text(encoding="utf-8") == "# A card\n"


def test_the_same_content_is_the_same_bytes(content: Any, model: Path, tmp_path: Path) -> None:
    again = store.write(tmp_path / "elsewhere", *content, {"card.md": "# A card\n"})
    assert again.name == model.name
    for file in model.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes()


def test_the_name_is_that_of_the_content(content: Any) -> None:
    numbers = {"fields": {}, "policy": {"bias": 1.0}}
    name = store.digest(content.arrays, numbers)
    assert name == store.digest(dict(reversed(content.arrays.items())), numbers)
    assert name != store.digest(content.arrays, {**numbers, "policy": {"bias": 1.5}})
    other = {**content.arrays, "text": np.ones_like(content.arrays["text"])}
    assert name != store.digest(other, numbers)


def test_models_are_never_overwritten(content: Any, model: Path) -> None:
    with pytest.raises(ModelError, match="never overwritten"):
        store.write(model.parent, *content, {})


def test_a_write_that_is_interrupted_leaves_nothing(
    content: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def interrupted(number: int) -> None:
        calls.append(number)
        if len(calls) == 2:  # while the second file is written
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.write(tmp_path / "models", *content, {"card.md": ""})
    assert list((tmp_path / "models").iterdir()) == []


def test_a_file_is_whole_or_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    store.write_atomically(path, b"old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("no room left")))
    with pytest.raises(OSError, match="no room"):
        store.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


# The one in use


def test_promoting_makes_a_model_the_one_in_use(model: Path) -> None:
    store.promote(model.parent, model.name)
    assert store.current(model.parent) == model
    assert load(model.parent).model == load(model).model == model.name


def test_a_damaged_model_is_not_promoted(model: Path) -> None:
    (model / "card.md").write_text("another\n", encoding="utf-8")
    with pytest.raises(ModelError):
        store.promote(model.parent, model.name)
    assert not (model.parent / "current").exists()


@pytest.mark.parametrize("name", ["", "\n", "../elsewhere", "a/b", ".", ".."])
def test_what_is_in_use_is_a_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "current").write_text(name, encoding="utf-8")
    with pytest.raises(ModelError, match="does not hold the name of a model"):
        store.current(tmp_path)


def test_nothing_in_use(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model is promoted"):
        store.current(tmp_path)


def test_the_model_that_ships_is_in_use_and_whole() -> None:
    path = store.current(store.models_directory())
    assert store.read(path).id == path.name


# Refused


@pytest.mark.parametrize("name", ["card.md", store.WEIGHTS])
def test_tampered_files(model: Path, name: str) -> None:
    data = bytearray((model / name).read_bytes())
    data[len(data) // 2] ^= 1
    (model / name).write_bytes(data)
    assert refused(model) == f"{model / name} is not the file that the manifest was written for (sha256 differs)"


def test_truncated_weights(model: Path) -> None:
    path = model / store.WEIGHTS
    path.write_bytes(path.read_bytes()[:-10])
    assert "sha256 differs" in refused(model)
    sign(model)
    assert "is damaged: File is not a zip file" in refused(model)


@pytest.mark.parametrize("name", ["card.md", store.WEIGHTS, store.MANIFEST])
def test_missing_files(model: Path, name: str) -> None:
    (model / name).unlink()
    assert refused(model) == f"{model / name} cannot be read: No such file or directory"


@pytest.mark.parametrize("number", [0, 1, 3, "2", None])
def test_other_formats(model: Path, number: object) -> None:
    edit(model, lambda m: m.update(format=number))
    assert f"has format {number}, this version reads format {store.FORMAT}: update moderator" in refused(model)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not the manifest of a model"),
        ('{"version": 3}', "is not the manifest of a model"),
        ('{"format": 2}', "lacks arrays, fields, policy, sha256"),
        ('{"format": 2, "sha256": [], "arrays": 1, "fields": {}, "policy": {}}', "lacks arrays, sha256"),
    ],
)
def test_foreign_manifests(model: Path, text: str, reason: str) -> None:
    (model / store.MANIFEST).write_text(text, encoding="utf-8")
    assert reason in refused(model)


def test_weights_without_a_digest(model: Path) -> None:
    edit(model, lambda m: m["sha256"].pop(store.WEIGHTS))
    assert refused(model).endswith("lacks weights.npz")


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b"])
def test_files_elsewhere_are_not_read(model: Path, name: str) -> None:
    edit(model, lambda m: m["sha256"].update({name: "0"}))
    assert "names a file elsewhere" in refused(model)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(id="0123456789ab"),
        lambda m: m.pop("id"),
        lambda m: m["policy"]["comment"].update(hold=0.9),
        lambda m: m["fields"]["text"].update(scale=1.0),
    ],
)
def test_a_manifest_that_was_changed(model: Path, change: Callable[[dict[str, Any]], object]) -> None:
    edit(model, change)
    assert "its content has another name than" in refused(model)


def test_notes_in_a_manifest_may_change(model: Path) -> None:
    edit(model, lambda m: m.update(note="a good one"))
    assert store.read(model).manifest["note"] == "a good one"


# Forged, with digests and a name that fit


def test_arrays_that_were_not_announced(model: Path) -> None:
    forge(model, {"more.npy": npy(np.zeros(1, np.int8))})
    assert "does not hold the arrays that the manifest declares" in refused(model)


def test_arrays_that_are_needed(model: Path) -> None:
    edit(model, lambda m: m["arrays"].pop("pieces"))
    assert refused(model).endswith("lacks pieces")


def test_a_header_that_asks_for_terabytes(model: Path) -> None:
    forge(model, {"text.npy": npy(np.zeros(16, np.int8), shape=(1 << 42,))})
    assert "text has not the type or shape that the manifest declares" in refused(model)


def test_a_manifest_that_asks_for_terabytes(model: Path) -> None:
    edit(model, lambda m: m["arrays"].update(text=["|i1", 1 << 42]))
    forge(model, {"text.npy": npy(np.zeros(16, np.int8), shape=(1 << 42,))})
    assert "text has not the size that the manifest declares" in refused(model)


def test_many_arrays_that_together_ask_for_too_much(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(array.nbytes for array in store.read(model).arrays.values())
    monkeypatch.setattr(store, "MAX_BYTES", size)
    store.read(model)
    monkeypatch.setattr(store, "MAX_BYTES", size - 1)
    assert "has not the size" in refused(model)


@pytest.mark.parametrize("shape", [(16.5,), ("16",), (-1,), (1 << 32, 1 << 32), (None,)])
def test_shapes_that_are_none(model: Path, shape: tuple[Any, ...]) -> None:
    edit(model, lambda m: m["arrays"].update(text=["|i1", *shape]))
    sign(model)
    assert str(model / store.WEIGHTS) in refused(model)


def test_pickles_are_not_read(model: Path) -> None:
    edit(model, lambda m: m["arrays"].update(text=["|O", 2]))
    forge(model, {"text.npy": npy(np.array([0, 0]), descr="|O")})
    assert "is damaged: Object arrays cannot be loaded" in refused(model)


@pytest.mark.parametrize("data", [b"", b"\x93NUMPY", npy(np.zeros(16, np.int8))[:-1]])
def test_arrays_that_are_cut(model: Path, data: bytes) -> None:
    forge(model, {"text.npy": data})
    assert str(model / store.WEIGHTS) in refused(model)


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing(model: Path, packed: int) -> None:
    forge(model, {}, packed=packed)
    assert refused(model).endswith("is packed in a way that models are not")


def test_a_stream_that_is_broken(model: Path) -> None:
    path = model / store.WEIGHTS
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("pieces.npy").header_offset
    data = bytearray(path.read_bytes())
    name, extra = struct.unpack("<HH", data[at + 26 : at + 30])
    start = at + 30 + name + extra
    data[start : start + 8] = b"\xff" * 8
    path.write_bytes(data)
    sign(model)
    assert "is damaged" in refused(model)


def test_files_of_any_size_are_not_read(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_BYTES", 100)
    assert refused(model) == f"{model / store.MANIFEST} is larger than 100 bytes"

"""Trained models on disk: `models/<id>/` with a manifest, arrays, metrics and a card.

A model is data, never code: arrays only, sizes declared in the manifest and checked before anything
is read, a digest for every file. So a model from a stranger cannot run code or fill the memory.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from moderator.errors import ModelError

FORMAT = 1
MANIFEST, WEIGHTS = "manifest.json", "weights.npz"
MAX_BYTES = 256 * 1024 * 1024
NAME = 12  # digits of the digest that are the name of a model
Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Artefact:
    """A model as it stands on disk: its manifest and its arrays."""

    path: Path
    manifest: Mapping[str, Any]
    arrays: Arrays

    @property
    def id(self) -> str:
        """The model's name, which is that of its directory."""
        return str(self.manifest["id"])


def models_directory() -> Path:
    """Return where the models that ship with the package are."""
    inside = Path(__file__).parent / "models"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "models"


def current(models: Path) -> Path:
    """Return the directory of the promoted model."""
    pointer = models / "current"
    try:
        name = pointer.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ModelError(f"no model is promoted: {pointer} cannot be read ({error.strerror})") from error
    if name in ("", "..") or Path(name).name != name:
        raise ModelError(f"{pointer} does not hold the name of a model")
    return models / name


def read(path: Path) -> Artefact:
    """Read and verify the model in a directory.

    Raises ModelError if a file is missing, was changed since it was written, has a format that is
    newer than this version knows, or holds anything that its manifest does not announce; and if the
    model's name is not that of its content.
    """
    manifest = _manifest(path)
    for name, expected in manifest["sha256"].items():
        if Path(name).name != name:
            raise ModelError(f"{path / MANIFEST} names a file elsewhere: {name!r}")
        if hashlib.sha256(_bytes(path / name)).hexdigest() != expected:
            raise ModelError(f"{path / name} is not the file that the manifest was written for (sha256 differs)")
    numbers = {"fields": manifest["fields"], "policy": {**manifest["policy"], "id": ""}}
    if _digest(_bytes(path / WEIGHTS), numbers)[:NAME] != manifest.get("id"):
        raise ModelError(f"{path / MANIFEST} was changed: its content has another name than {manifest.get('id')!r}")
    return Artefact(path, manifest, _arrays(path / WEIGHTS, manifest["arrays"]))


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(_bytes(path / MANIFEST))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path / MANIFEST} is not JSON: {error}") from error
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise ModelError(f"{path / MANIFEST} is not the manifest of a model")
    if manifest["format"] != FORMAT:
        raise ModelError(
            f"{path} has format {manifest['format']}, this version reads format {FORMAT}: "
            "update moderator or train the model again"
        )
    missing = {key for key in ("sha256", "arrays", "fields", "policy") if not isinstance(manifest.get(key), dict)}
    if not missing:
        missing = ({WEIGHTS} - manifest["sha256"].keys()) | (
            {"rarity", *manifest["fields"]} - manifest["arrays"].keys()
        )
    if missing:
        raise ModelError(f"{path / MANIFEST} lacks {', '.join(sorted(missing))}")
    return manifest


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"{path} is larger than {MAX_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def _arrays(path: Path, declared: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    """Read arrays whose type and shape are those declared; nothing else is read."""
    arrays = {}
    left = MAX_BYTES
    try:
        with zipfile.ZipFile(path) as archive:
            if {info.filename for info in archive.infolist()} != {f"{name}.npy" for name in declared}:
                raise ModelError(f"{path} does not hold the arrays that the manifest declares")
            if any(info.compress_type != zipfile.ZIP_DEFLATED for info in archive.infolist()):
                raise ModelError(f"{path} is packed in a way that models are not")
            for name, (dtype, *shape) in declared.items():
                info = archive.getinfo(f"{name}.npy")
                size = np.dtype(dtype).itemsize * int(np.prod(shape, dtype=np.int64))
                left -= size
                if not size <= info.file_size <= size + 4096 or left < 0:
                    raise ModelError(f"{path}: {name} has not the size that the manifest declares")
                file = io.BytesIO(archive.read(info))
                if _header(file) != (tuple(shape), np.dtype(dtype)):
                    raise ModelError(f"{path}: {name} has not the type or shape that the manifest declares")
                arrays[name] = np.lib.format.read_array(file, allow_pickle=False)
    except (zipfile.BadZipFile, zlib.error, ValueError, TypeError, EOFError, KeyError, RuntimeError) as error:
        raise ModelError(f"{path} is damaged: {error}") from error
    return arrays


def _header(file: io.BytesIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and the type that an array's header announces, and go back to its start."""
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    file.seek(0)
    return shape, dtype


def write(models: Path, manifest: Mapping[str, Any], arrays: Arrays, texts: Mapping[str, str]) -> Path:
    """Write a model as `models/<id>/`, whole or not at all; the same content gives the same bytes."""
    target = models / str(manifest["id"])
    if target.exists():
        raise ModelError(f"{target} exists: a model is never overwritten")
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".new-") as name:
        scratch = Path(name) / "model"
        scratch.mkdir()
        files = {WEIGHTS: _packed(arrays), **{key: text.encode() for key, text in texts.items()}}
        full = {
            **manifest,
            "format": FORMAT,
            "arrays": {key: [array.dtype.str, *array.shape] for key, array in sorted(arrays.items())},
            "sha256": {key: hashlib.sha256(data).hexdigest() for key, data in sorted(files.items())},
        }
        files[MANIFEST] = (json.dumps(full, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
        for key, data in files.items():
            write_atomically(scratch / key, data)
        scratch.replace(target)
    return target


def promote(models: Path, name: str) -> None:
    """Make a model the one that is used, after verifying it."""
    read(models / name)
    write_atomically(models / "current", f"{name}\n".encode())


def digest(arrays: Arrays, numbers: Mapping[str, Any]) -> str:
    """Return a digest of what decides verdicts: a model is named by its content."""
    return _digest(_packed(arrays), numbers)


def _digest(weights: bytes, numbers: Mapping[str, Any]) -> str:
    return hashlib.sha256(weights + json.dumps(numbers, sort_keys=True).encode()).hexdigest()


def _packed(arrays: Arrays) -> bytes:
    """Return the arrays as an npz file without times in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in sorted(arrays.items()):
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue(), compresslevel=9)
    return buffer.getvalue()


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: to a sibling, synced, then moved into place."""
    scratch = path.with_name(f".{path.name}-{secrets.token_hex(6)}")
    try:
        with scratch.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise

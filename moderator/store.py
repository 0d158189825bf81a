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
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from moderator.errors import ModelError
from moderator.topics import Rarity

FORMAT = 2
MANIFEST, WEIGHTS = "manifest.json", "weights.npz"
CURRENT, HISTORY = "current", "history.jsonl"
MAX_FILES = 20  # in an exported model
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
            {*Rarity._fields, *manifest["fields"]} - manifest["arrays"].keys()
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


def keep(
    models: Path,
    arrays: Arrays,
    fields: Mapping[str, Any],
    policy: Mapping[str, Any],
    rest: Mapping[str, Any],
    texts: Callable[[Mapping[str, Any]], Mapping[str, str]] = lambda manifest: {},
) -> Path:
    """Write a model under the name of its content, or find it there; return its directory.

    `rest` is what else the manifest says, `texts` makes the other files of a manifest.
    """
    name = digest(arrays, {"fields": fields, "policy": {**policy, "id": ""}})[:NAME]
    if (models / name).exists():
        return models / name
    manifest = {**rest, "id": name, "fields": fields, "policy": {**policy, "id": name}}
    return write(models, manifest, arrays, texts(manifest))


def inherited(parent: Artefact) -> dict[str, Any]:
    """Return what the manifest of a model that was made from another one takes over."""
    kept = {key: value for key, value in parent.manifest.items() if key not in ("sha256", "arrays")}
    return {**kept, "parent": parent.id}


def names(models: Path) -> list[str]:
    """Return the names of the models in a folder."""
    return sorted(path.parent.name for path in models.glob(f"*/{MANIFEST}"))


def promote(models: Path, name: str, why: str = "") -> None:
    """Make a model the one that is used, after verifying it; the change is noted in the history."""
    read(models / name)
    was = (models / CURRENT).read_text(encoding="utf-8").strip() if (models / CURRENT).exists() else None
    if was == name:
        return
    write_atomically(models / CURRENT, f"{name}\n".encode())
    at = datetime.now(UTC).isoformat(timespec="seconds")
    row = json.dumps({"at": at, "id": name, "was": was, "why": why}, ensure_ascii=False)
    with (models / HISTORY).open("a", encoding="utf-8") as file:
        file.write(row + "\n")


def history(models: Path) -> list[dict[str, Any]]:
    """Return which models were promoted, the first one first."""
    path = models / HISTORY
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def rollback(models: Path) -> str:
    """Promote the model that was used before the current one; return its name."""
    now = current(models).name
    for row in reversed(history(models)):
        if row["id"] == now and row["was"]:
            promote(models, row["was"], f"rollback from {now}")
            return str(row["was"])
    raise ModelError(f"{models} has no model that was used before {now}")


def base(models: Path) -> Artefact:
    """Return the model that labels are added to: the one in use, or the one that ships, without any labels."""
    path = current(models) if (models / CURRENT).exists() else current(models_directory())
    artefact = read(path)
    while "site" in artefact.arrays:
        parent = str(artefact.manifest["parent"])
        found = [folder / parent for folder in (models, models_directory()) if (folder / parent).is_dir()]
        if not found:
            raise ModelError(f"{artefact.path} adds labels to model {parent}, which is not there")
        artefact = read(found[0])
    return artefact


def adopt(models: Path, path: Path, why: str = "") -> None:
    """Promote a model that may stand in another folder; it is copied if it does."""
    if not (models / path.name).exists():
        read(path)
        with tempfile.TemporaryDirectory(dir=models, prefix=".new-") as scratch:
            copy = Path(shutil.copytree(path, Path(scratch) / path.name))
            copy.replace(models / path.name)
    promote(models, path.name, why)


def export(path: Path, target: Path) -> None:
    """Write a model as one zip file; the same model gives the same bytes."""
    read(path)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(path.iterdir()):
            info = zipfile.ZipInfo(f"{path.name}/{file.name}", date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(info, file.read_bytes())
    write_atomically(target, buffer.getvalue())


def unpack(file: Path, models: Path) -> Path:
    """Take a model in from a zip file, verified before it is put into place."""
    models.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(file) as archive, tempfile.TemporaryDirectory(dir=models, prefix=".new-") as scratch:
            members = archive.infolist()
            if len(members) > MAX_FILES or sum(member.file_size for member in members) > MAX_BYTES:
                raise ModelError(f"{file} is too large to be a model")
            roots = {PurePosixPath(member.filename).parent.as_posix() for member in members}
            plain = all(len(PurePosixPath(member.filename).parts) == 2 for member in members)
            if len(roots) != 1 or not plain or "\\" in "".join(member.filename for member in members):
                raise ModelError(f"{file} is not an exported model")
            for member in members:
                write_atomically(Path(scratch) / PurePosixPath(member.filename).name, archive.read(member))
            name = read(Path(scratch)).id
            if (models / name).exists():
                return models / name
            (models / name).mkdir()
            for path in Path(scratch).iterdir():
                path.replace(models / name / path.name)
    except (zipfile.BadZipFile, OSError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise ModelError(f"{file} is no exported model: {error}") from error
    return models / name


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

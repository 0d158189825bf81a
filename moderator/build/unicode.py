"""Build `moderator/data/unicode.npz`: `python -m moderator.build.unicode`.

The tables are shipped rather than derived at run time so that every Python version folds alike.
Sources: the interpreter's `unicodedata`, and fontTools for scripts (Unicode Scripts.txt).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from fontTools import unicodedata as scripts

from moderator.text import (
    DIGIT,
    INVISIBLE,
    LETTER,
    PICTURE,
    SPACE,
    STYLED,
    UNSPACED,
    UPPER,
)

DATA = Path(__file__).parent.parent / "data"
LIMIT = 0x110000
SURROGATES = range(0xD800, 0xE000)

# Scripts written without spaces between words: each character counts as a word of its own.
UNSPACED_SCRIPTS = {"Hani", "Hira", "Kana", "Thai", "Laoo", "Khmr", "Mymr", "Bopo"}

TYPOGRAPHIC = {
    **dict.fromkeys("‘’‚‛′‵ʹʼˈ`´", "'"),
    **dict.fromkeys("“”„‟«»″‶〝〞", '"'),
    **dict.fromkeys("‐‑‒–—―−﹘﹣", "-"),
}
SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True))
# Alphabets of letters in boxes and circles: the first code point of each 26.
ENCLOSED = (0x249C, 0x24B6, 0x24D0, 0x1F110, 0x1F130, 0x1F150, 0x1F170)

# The Cyrillic letters that words are read in: a rare one (ѕ, һ) only ever stands for a Latin letter.
COMMON_CYRILLIC = frozenset("авекмнорстухіїё")

INVISIBLE_RANGES = (
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x20DD, 0x20E4),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF9, 0xFFFB),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)


def main() -> None:
    """Compile the tables and write them."""
    names = sorted({scripts.script(chr(c)) for c in range(LIMIT) if c not in SURROGATES})
    names.sort(key=lambda name: (name not in {"Zyyy", "Zinh", "Zzzz"}, name))
    number = {name: i for i, name in enumerate(names)}
    fold = dict(_pairs(folded))
    tables = {
        "scripts": np.array(names),
        **_runs("script", lambda c: number[scripts.script(chr(c))]),
        **_runs("class", class_of),
        **_columns("fold", fold.items()),
        **_compositions(),
        **_lookalikes(),
    }
    np.savez_compressed(DATA / "unicode.npz", **tables)  # type: ignore[arg-type]
    size = (DATA / "unicode.npz").stat().st_size
    print(f"unicode.npz: {size} bytes, {len(names)} scripts, {len(fold)} folds")


def class_of(code: int) -> int:
    """Return the bits that say what kind of character a code point is."""
    char, category = chr(code), unicodedata.category(chr(code))
    if _invisible(code):
        return INVISIBLE
    if category[0] == "Z" or category == "Cc":
        return SPACE
    bits = 0
    if category[0] in "LM":
        bits |= LETTER
        if scripts.script(char) in UNSPACED_SCRIPTS:
            bits |= UNSPACED
    if category in ("Nd", "Nl"):
        bits |= DIGIT
    if category in ("Lu", "Lt"):
        bits |= UPPER
    if styled(code) is not None:
        bits |= STYLED | LETTER
    elif category == "So" and code >= 0x2190:
        bits |= PICTURE
    return bits


def folded(code: int) -> int:
    """Return the one code point that a code point counts as: case, width and style removed."""
    letter = styled(code)
    if letter is not None:
        return ord(letter)
    char = chr(code)
    if char in TYPOGRAPHIC:
        return ord(TYPOGRAPHIC[char])
    if unicodedata.category(char)[0] == "Z" or unicodedata.category(char) == "Cc":
        return 0x20
    compatible = unicodedata.normalize("NFKC", char)
    if len(compatible) == 1:
        char = compatible
    lower = char.lower()
    return ord(lower[0]) if lower else code


def styled(code: int) -> str | None:
    """Return the plain letter that a styled one (mathematical, boxed, small capital) stands for."""
    char = chr(code)
    if char in SMALL_CAPITALS:
        return SMALL_CAPITALS[char]
    for first in ENCLOSED:
        if first <= code < first + 26:
            return chr(ord("a") + code - first)
    if 0x1D400 <= code <= 0x1D7FF:
        plain = unicodedata.normalize("NFKC", char)
        if len(plain) == 1 and plain.isalnum():
            return plain.lower()
    return None


def _invisible(code: int) -> bool:
    return any(low <= code <= high for low, high in INVISIBLE_RANGES)


def _pairs(change: Callable[[int], int]) -> Iterator[tuple[int, int]]:
    for code in range(LIMIT):
        if code not in SURROGATES and (target := change(code)) != code:
            yield code, target


def _columns(name: str, pairs: object) -> dict[str, np.ndarray]:
    array = np.array(sorted(pairs), dtype=np.uint32)  # type: ignore[call-overload]
    return {f"{name}_from": array[:, 0], f"{name}_to": array[:, 1]}


def _runs(name: str, value: Callable[[int], int]) -> dict[str, np.ndarray]:
    """Return a table over all code points as run starts and run values."""
    table = np.array([0 if c in SURROGATES else value(c) for c in range(LIMIT)], dtype=np.uint8)
    starts = np.flatnonzero(np.r_[True, table[1:] != table[:-1]])
    return {f"{name}_starts": starts.astype(np.uint32), f"{name}_values": table[starts]}


def _compositions() -> dict[str, np.ndarray]:
    """Return (letter, combining mark) -> one letter, for folded letters: NFD text reads as NFC."""
    rows = []
    for code in range(0x250 * 0x10):
        parts = unicodedata.normalize("NFD", chr(code))
        letter = unicodedata.normalize("NFC", parts[:-1])
        if len(parts) > 1 and len(letter) == 1 and folded(code) == code and 0x300 <= ord(parts[-1]) < 0x370:
            rows.append(((ord(letter) << 32) | ord(parts[-1]), code))
    rows.sort()
    return {
        "compose_from": np.array([r[0] for r in rows], dtype=np.uint64),
        "compose_to": np.array([r[1] for r in rows], dtype=np.uint32),
    }


def _lookalikes() -> dict[str, np.ndarray]:
    """Return raw letter -> folded twin, towards Latin and towards Cyrillic."""
    latin: dict[int, int] = {}
    cyrillic: dict[int, int] = {}
    for line in (DATA / "lookalikes.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        plain, *others = line.split()
        latin.update({ord(other): ord(plain.lower()) for other in others})
        first = next((other for other in others if other.lower() in COMMON_CYRILLIC), None)
        if first:
            twins = [plain, *(other for other in others if scripts.script(other) == "Grek")]
            cyrillic.update({ord(twin): ord(first.lower()) for twin in twins})
    return {**_columns("latin", latin.items()), **_columns("cyrillic", cyrillic.items())}


if __name__ == "__main__":
    main()

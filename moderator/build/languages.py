"""Build `moderator/data/languages.npz` from langdetect's profiles: `python -m moderator.build.languages`.

langdetect (Nakatani Shuyo's language-detection) ships, for 55 languages, how often n-grams of one to
three letters occur in Wikipedia abstracts. They are folded to lower case here, turned into rounded
log-likelihood ratios and laid out as a hash table, so that a batch is scored with array look-ups.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter, defaultdict
from importlib import metadata, resources
from pathlib import Path

import numpy as np
from fontTools import unicodedata as scripts
from langdetect.utils.ngram import NGram

from moderator import kernel
from moderator.language import LANES, MAX_VALUE, SCALE, SHARED_SCRIPTS
from moderator.text import LETTER, tables

DATA = Path(__file__).parent.parent / "data"

SMOOTHING = 1.5e-5  # added to every frequency: a missing n-gram is unlikely, not impossible
ORDER_WEIGHT = {1: 1.3, 2: 1.0, 3: 1.3}  # chosen, as is SMOOTHING, on the odd rows of the short texts
MIN_SCRIPT_SHARE = 0.1  # of a profile's letters; scripts below are foreign words in its sources
SLOT_BITS = 17


def main() -> None:
    """Compile the profiles and write them."""
    profiles = read_profiles()
    letters = letter_table(profiles)
    planes, rows = weigh(profiles)
    table = {
        "languages": np.array(list(planes)),
        "planes": np.array(list(planes.values()), np.uint8),
        **letters,
        **layout(rows, planes, dict(zip(letters["letter_from"], letters["letter_to"], strict=True))),
    }
    path = DATA / "languages.npz"
    np.savez_compressed(path, **table)  # type: ignore[arg-type]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    note = {"source": "langdetect", "version": metadata.version("langdetect"), "sha256": digest}
    (DATA / "languages.json").write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    print(f"languages.npz: {path.stat().st_size} bytes, {len(rows)} n-grams, sha256 {digest}")


def read_profiles() -> dict[str, tuple[dict[str, int], list[int]]]:
    """Return each language's counts of lower-case n-grams, and how many n-grams of each length it saw."""
    profiles = {}
    for file in sorted(resources.files("langdetect.profiles").iterdir(), key=lambda f: f.name):
        if "." in file.name or file.name.startswith("_"):
            continue
        raw = json.loads(file.read_text(encoding="utf-8"))
        counts: Counter[str] = Counter()
        for gram, count in raw["freq"].items():
            counts["".join(lower(char) for char in gram)] += count
        profiles[file.name] = (dict(counts), raw["n_words"])
    return profiles


def lower(char: str) -> str:
    """Return the lower case of a character where that is one character."""
    return char.lower() if len(char.lower()) == 1 else char


def letter_table(profiles: dict[str, tuple[dict[str, int], list[int]]]) -> dict[str, np.ndarray]:
    """Return folded code point -> number of the letter it counts as in a profile; 0 is no letter."""
    known = sorted({char for counts, _ in profiles.values() for gram in counts for char in gram} - {" "})
    number = {char: i + 1 for i, char in enumerate(known)}
    t = tables()
    pairs = []
    for code in range(0x20000):
        if not t.kind[code] & LETTER or 0xD800 <= code < 0xE000 or t.fold[code] != code:
            continue
        char = chr(code)
        # langdetect lumps ideographs together when it reads a text, but its profiles know each.
        if scripts.script(char) != "Hani":
            char = lower(NGram.normalize(char))
        if char in number and scripts.script(char) in SHARED_SCRIPTS:
            pairs.append((code, number[char]))
    array = np.array(pairs, np.uint32)
    return {"letter_from": array[:, 0], "letter_to": array[:, 1].astype(np.uint16)}


def weigh(
    profiles: dict[str, tuple[dict[str, int], list[int]]],
) -> tuple[dict[str, int], dict[str, dict[str, float]]]:
    """Return each language's plane (0 Latin, 1 others), and n-gram -> language -> log ratio."""
    planes: dict[str, int] = {}
    rows: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for language, (counts, totals) in profiles.items():
        share: Counter[str] = Counter()
        for gram, count in counts.items():
            if len(gram) == 1:
                share[scripts.script(gram)] += count
        own = {s for s, n in share.items() if n >= MIN_SCRIPT_SHARE * share.total()}
        own &= set(SHARED_SCRIPTS)  # a text in another script is told by that
        if not own:
            continue
        planes[language] = 0 if "Latn" in own else 1
        for gram, count in counts.items():
            if {scripts.script(char) for char in gram if char != " "} <= own:
                ratio = math.log1p(count / totals[len(gram) - 1] / SMOOTHING)
                rows[gram][language] = ratio * ORDER_WEIGHT[len(gram)]
    return planes, dict(rows)


def layout(rows: dict[str, dict[str, float]], planes: dict[str, int], letters: dict[int, int]) -> dict[str, np.ndarray]:
    """Return the n-grams as a cuckoo hash table of sparse rows: lanes (languages) and values."""
    lane: dict[str, int] = {}
    for plane in (0, 1):
        members = [name for name, p in planes.items() if p == plane]
        assert len(members) <= LANES, "a plane has too many languages"
        lane.update({name: i for i, name in enumerate(members)})
    by_hash: dict[int, dict[str, float]] = {}
    clashes = 0
    for gram, values in rows.items():
        numbers = [0 if char == " " else int(letters.get(ord(char), 0)) for char in gram]
        if any(n == 0 and char != " " for n, char in zip(numbers, gram, strict=True)):
            continue
        key = int(kernel.letter_hash(*(np.array([n], np.uint32) for n in numbers))[0])
        clashes += key in by_hash
        by_hash.setdefault(key, {}).update(values)
    print(f"{len(rows)} n-grams, {len(by_hash)} hashes, {clashes} clashes")
    place = cuckoo(sorted(by_hash))
    order = sorted(by_hash, key=lambda key: place[key])
    cells = [
        sorted(
            (lane[name] + LANES * planes[name], min(MAX_VALUE, round(value * SCALE)))
            for name, value in by_hash[key].items()
        )
        for key in order
    ]
    return {
        "slot_bits": np.array(SLOT_BITS),
        "slot": np.array([place[key] for key in order], np.uint32),
        "hash": np.array(order, np.uint32),
        "count": np.array([len(c) for c in cells], np.uint8),
        "lane": np.array([i for c in cells for i, _ in c], np.uint8),
        "value": np.array([v for c in cells for _, v in c], np.uint8),
    }


def cuckoo(keys: list[int]) -> dict[int, int]:
    """Place each hash in one of its two slots (Pagh and Rodler, Cuckoo Hashing, 2001)."""
    array = np.array(keys, np.uint32)
    choices = dict(
        zip(keys, zip(*(kernel.probe(array, SLOT_BITS, i).tolist() for i in (0, 1)), strict=True), strict=True)
    )
    table: dict[int, int] = {}
    for key in keys:
        slot = choices[key][0]
        for _ in range(1000):
            key, table[slot] = table.get(slot, -1), key
            if key < 0:
                break
            first, second = choices[key]
            slot = second if slot == first else first
        else:
            raise SystemExit("no placement found: choose another size")
    return {key: slot for slot, key in table.items()}


if __name__ == "__main__":
    main()

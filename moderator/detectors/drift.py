"""Drift: a segment that leaves its page: other script, other language, other topic, after its end.

A comment drifts when it is written in another language or script than the post it stands under.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from moderator import language, text
from moderator.analysis import Batch
from moderator.detectors.base import Detector, strength
from moderator.records import Signal

CODES = ("drift/script", "drift/latin", "drift/language", "drift/topic", "drift/trailing")
MIN_POST = 30  # letters of a post whose language can be relied on


def drift(*, settled: float = 0.25, words: int = 3, terms: int = 4) -> Detector:
    """Make the detector of segments that leave their page.

    Latin letters are in texts of every script, in names and terms, so they have a code of their own.

    A language that `settled` or more of the page's text is written in is at home there. A language
    of the page's own script is told apart in segments of at least so many `words`, a topic in
    segments of at least so many `terms`.
    """

    def see(batch: Batch) -> Iterator[tuple[int, Signal]]:
        pages = np.array([d.kind == "page" for d in batch.documents], bool)
        asked = pages[batch.document] if len(batch.document) else np.zeros(0, bool)
        if asked.any():
            yield from _see_pages(batch, asked, settled, words, terms)
        yield from _see_comments(batch, words)

    return Detector("drift", CODES, see)


def _see_pages(
    batch: Batch, asked: npt.NDArray[np.bool_], settled: float, words: int, terms: int
) -> Iterator[tuple[int, Signal]]:
    found, home, topic = batch.languages, batch.home, batch.topic
    likely = found.likely
    own_script, own_language = home.script[batch.document], home.language[batch.document]
    count = np.bincount(batch.columns.word_unit, minlength=len(batch.document))
    latin = found.script == text.tables().scripts.index("Latn")
    script = 1.0 - home.own_script / settled
    script[(found.letters == 0) | (found.script == own_script) | ~(_real(found.script) & _real(own_script))] = 0.0
    spoken = found.probability * (1.0 - home.own_language / settled)
    spoken -= found.table[np.arange(len(own_language)), own_language]
    spoken[(likely == 0) | (own_language == 0) | (likely == own_language)] = 0.0
    spoken[(count < words) & latin] = 0.0
    apart = np.where(topic.terms >= terms, 1.0 - 2.0 * topic.share, 0.0)
    for code, values in (
        ("drift/script", np.where(latin, 0.0, script)),
        ("drift/latin", np.where(latin & (count >= words), script, 0.0)),
        ("drift/language", spoken),
        ("drift/topic", apart),
        ("drift/trailing", home.trailing),
    ):
        for i in np.flatnonzero(asked & (values > 0.0)).tolist():
            message = _message(code, batch, i)
            yield i, Signal(code, strength(float(values[i])), message, (batch.span(i),), "off-topic")


def _see_comments(batch: Batch, words: int) -> Iterator[tuple[int, Signal]]:
    """Compare comments with the posts they stand under."""
    contexts = batch.contexts
    if not len(contexts.columns.start):
        return
    context = contexts.of[batch.document]
    found, post = batch.languages, contexts.languages
    differs = (context >= 0) & (found.letters > 0) & (post.letters[context] >= MIN_POST)
    script = differs & (found.script != post.script[context])
    script &= _real(found.script) & _real(post.script[context])
    count = np.bincount(batch.columns.word_unit, minlength=len(batch.document))
    likely, expected = found.likely, post.likely[context]
    spoken = differs & (likely != expected) & (likely > 0)
    spoken &= (expected > 0) & (script | (count >= words))
    names, scripts = language.names(), text.tables().scripts
    latin = text.tables().scripts.index("Latn")
    for i in np.flatnonzero(script & ((found.script != latin) | (count >= words))).tolist():
        code = "drift/latin" if found.script[i] == latin else "drift/script"
        here, there = scripts[found.script[i]], scripts[post.script[context[i]]]
        message = f"in {script_name(here)} letters under a post in {script_name(there)} letters"
        yield i, Signal(code, 1.0, message, (batch.span(i),), "off-topic")
    for i in np.flatnonzero(spoken).tolist():
        here, there = names[found.language[i]], names[post.language[context[i]]]
        message = f"in {language_name(here)} under a post in {language_name(there)}"
        value = strength(float(found.probability[i] * post.probability[context[i]]))
        yield i, Signal("drift/language", value, message, (batch.span(i),), "off-topic")


def _real(script: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return which are scripts that letters are written in: not "common", not "inherited", not unknown."""
    real: npt.NDArray[np.bool_] = script >= text.FIRST_SCRIPT
    return real


def _message(code: str, batch: Batch, segment: int) -> str:
    found, home, number = batch.languages, batch.home, batch.document[segment]
    if code in ("drift/script", "drift/latin"):
        here, there = (text.tables().scripts[s] for s in (found.script[segment], home.script[number]))
        return f"in {script_name(here)} letters on a page in {script_name(there)} letters"
    if code == "drift/language":
        here, there = (language.names()[n] for n in (found.language[segment], home.language[number]))
        return f"in {language_name(here)} on a page in {language_name(there)}"
    if code == "drift/topic":
        return "has nothing to do with the rest of the page"
    return "comes after the end of the page's own text"


def script_name(code: str) -> str:
    """Return the English name of a script (ISO 15924)."""
    return SCRIPT_NAMES.get(code, code)


def language_name(code: str) -> str:
    """Return the English name of a language (BCP 47)."""
    return LANGUAGE_NAMES.get(code, code)


SCRIPT_NAMES = {
    "Arab": "Arabic", "Armn": "Armenian", "Beng": "Bengali", "Cyrl": "Cyrillic", "Deva": "Devanagari",
    "Ethi": "Ethiopic", "Geor": "Georgian", "Grek": "Greek", "Gujr": "Gujarati", "Guru": "Gurmukhi",
    "Hang": "Korean", "Hani": "Chinese", "Hebr": "Hebrew", "Hira": "Japanese", "Kana": "Japanese",
    "Khmr": "Khmer", "Knda": "Kannada", "Laoo": "Lao", "Latn": "Latin", "Mlym": "Malayalam",
    "Mymr": "Burmese", "Sinh": "Sinhala", "Taml": "Tamil", "Telu": "Telugu", "Thai": "Thai", "Tibt": "Tibetan",
}  # fmt: skip
LANGUAGE_NAMES = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "bo": "Tibetan",
    "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French", "gu": "Gujarati",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ka": "Georgian", "km": "Khmer", "kn": "Kannada", "ko": "Korean",
    "lo": "Lao", "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian", "ml": "Malayalam", "mr": "Marathi",
    "my": "Burmese", "ne": "Nepali", "nl": "Dutch", "no": "Norwegian", "pa": "Punjabi", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "si": "Sinhala", "sk": "Slovak", "sl": "Slovene",
    "so": "Somali", "sq": "Albanian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu",
    "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese",
    "zh": "Chinese",
}  # fmt: skip

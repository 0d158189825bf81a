"""Drift: a segment that leaves its page: other script, other language, other topic, after its end.

A comment drifts when it is written in another language or script than the post it stands under.
What the site publishes in, if its profile is known, makes for less; and where a page is too short or
there is no post to compare with, what the site never uses makes for more.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from moderator import language, profile, text
from moderator.analysis import KIND_NUMBER, Batch
from moderator.detectors.base import Detector, strength
from moderator.records import Signal

Floats = npt.NDArray[np.float64]

CODES = ("drift/script", "drift/latin", "drift/language", "drift/topic", "drift/trailing")
MIN_POST = 30  # letters of a post whose language can be relied on
SETTLED_PAGE = 300  # letters around a segment below which they do not tell the page's language; twice as many do
SURE = 0.9  # how much more likely languages are that the site never uses, so that one of them is reported
LONG = 100  # letters from which on a language in a script of the site's is told for sure; guesses at less often fail


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
        if batch.familiar:
            yield from _see_strange(batch, batch.familiar, asked, words)

    return Detector("drift", CODES, see)


def _see_pages(
    batch: Batch, asked: npt.NDArray[np.bool_], settled: float, words: int, terms: int
) -> Iterator[tuple[int, Signal]]:
    found, home, topic = batch.languages, batch.home, batch.topic
    likely = found.likely
    own_script, own_language = home.script[batch.document], home.language[batch.document]
    by_script, by_language = _left(batch)
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
        ("drift/script", np.where(latin, 0.0, script * by_script)),
        ("drift/latin", np.where(latin & (count >= words), script * by_script, 0.0)),
        ("drift/language", spoken * by_language),
        ("drift/topic", apart),
        ("drift/trailing", home.trailing),
    ):
        for i in np.flatnonzero(asked & (values > 0.0)).tolist():
            message = _message(code, batch, i)
            yield i, Signal(code, strength(float(values[i])), message, (batch.span(i),), "off-topic")


def _left(batch: Batch) -> tuple[Floats, Floats]:
    """Return what is left of another script and of another language where the site publishes in it."""
    if batch.familiar is None:
        return np.ones(len(batch.document)), np.ones(len(batch.document))
    found = batch.languages
    return profile.left_by_script(batch.familiar, found), profile.left_by_language(batch.familiar, found)


def _see_comments(batch: Batch, words: int) -> Iterator[tuple[int, Signal]]:
    """Compare comments with the posts they stand under."""
    contexts = batch.contexts
    if not len(contexts.columns.start):
        return
    by_script, by_language = _left(batch)
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
        yield i, Signal(code, strength(float(by_script[i])), message, (batch.span(i),), "off-topic")
    for i in np.flatnonzero(spoken).tolist():
        here, there = names[found.language[i]], names[post.language[context[i]]]
        message = f"in {language_name(here)} under a post in {language_name(there)}"
        value = strength(float(found.probability[i] * post.probability[context[i]] * by_language[i]))
        yield i, Signal("drift/language", value, message, (batch.span(i),), "off-topic")


def _see_strange(
    batch: Batch, known: profile.Familiar, pages: npt.NDArray[np.bool_], words: int
) -> Iterator[tuple[int, Signal]]:
    """Report scripts and languages that the site never uses, where there is too little else to compare with."""
    found = batch.languages
    count = np.bincount(batch.columns.word_unit, minlength=len(batch.document))
    alone = known.trust * np.where(pages, _short(batch), _without_post(batch))
    alone[batch.kind == KIND_NUMBER["code"]] = 0.0  # code is in no language, and does not make the profile
    strange_script = _real(found.script) & ~known.listed_scripts[found.script] & bool(known.main_script)
    latin = found.script == text.tables().scripts.index("Latn")
    strange = profile.strange(known, found)
    certain = (strange >= SURE) & (found.likely > 0) & ~known.listed_languages[found.likely]
    spoken = certain & bool(known.main_language) & (count >= words) & (strange_script | (found.letters >= LONG))
    names, scripts = language.names(), text.tables().scripts
    for code, values, name in (
        ("drift/script", alone * (strange_script & ~latin), script_name),
        ("drift/latin", alone * (strange_script & latin & (count >= words)), script_name),
        ("drift/language", alone * strange * spoken, language_name),
    ):
        is_language = name is language_name
        own = names[known.main_language] if is_language else scripts[known.main_script]
        letters = "" if is_language else " letters"
        for i in np.flatnonzero(values > 0.0).tolist():
            here = names[found.likely[i]] if is_language else scripts[found.script[i]]
            message = f"in {name(here)}{letters} on a site in {name(own)}{letters}"
            yield i, Signal(code, strength(float(values[i])), message, (batch.span(i),), "off-topic")


def _short(batch: Batch) -> Floats:
    """Return how far what stands around each segment is too short to tell the language of its page."""
    letters = np.where(batch.hidden, 0, batch.languages.letters)
    total = np.bincount(batch.document, letters, len(batch))[batch.document]
    return np.clip(2.0 - (total - letters) / SETTLED_PAGE, 0.0, 1.0)


def _without_post(batch: Batch) -> Floats:
    """Return 1 for each segment without a post to compare it with, and 0 for all others."""
    contexts = batch.contexts
    of = contexts.of[batch.document]
    if not len(contexts.columns.start):
        return np.ones(len(of))
    return np.where((of < 0) | (contexts.languages.letters[of] < MIN_POST), 1.0, 0.0)


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

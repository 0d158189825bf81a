"""What the words mean that other programs label comments with."""

from __future__ import annotations

import re
from collections.abc import Mapping

from moderator.errors import InputError
from moderator.records import LABELS, Label

# In a column that asks "is it spam?"; what WordPress, moderation queues and data sets call it.
WORDS: dict[str, Label | None] = {
    **dict.fromkeys(("ham", "notspam", "nospam", "nonspam", "legit", "legitimate", "genuine", "good", "clean"), "ham"),
    **dict.fromkeys(("ok", "normal", "approve", "approved", "publish", "published", "accepted", "allowed"), "ham"),
    **dict.fromkeys(("no", "n", "false", "0", "easyham", "hardham"), "ham"),
    **dict.fromkeys(("spam", "isspam", "junk", "spammer", "yes", "y", "true", "1"), "spam"),
    **dict.fromkeys(("offtopic", "irrelevant", "unrelated"), "off-topic"),
    # Nobody has decided yet, or it was deleted for a reason that the word does not tell.
    **dict.fromkeys(("hold", "pending", "unapproved", "awaiting", "trash", "posttrashed", "deleted", "unsure")),
}
# In a column that asks "is it approved?" these are answers to the opposite question.
APPROVED: dict[str, Label | None] = {
    "1": "ham", "yes": "ham", "y": "ham", "true": "ham", "0": None, "no": None, "n": None, "false": None,
}  # fmt: skip
_APPROVED = re.compile("approv|status|publish|visible")
_SPAM = re.compile("spam|label|class|target|junk")
_NUMBER = re.compile(r"([01])\.0+")


def plain(word: str) -> str:
    """Return a label word without what people write differently.

    >>> plain("Not Spam"), plain("off_topic"), plain("1.0")
    ('notspam', 'offtopic', '1')
    """
    word = _NUMBER.sub(r"\1", word.strip())
    return re.sub(r"[\s_-]+", "", word.casefold())


def label_of(word: str, column: str, own: Mapping[str, Label | None]) -> Label | None:
    """Return the label that a word in a column stands for, or None if it says that nobody decided.

    In WordPress, 1 under "comment_approved" is a comment that was approved; in data sets, 1 under
    "label" or "is_spam" is spam. Raises InputError for words that are unknown or could be either.

    >>> label_of("1", "comment_approved", {}), label_of("1", "is_spam", {})
    ('ham', 'spam')
    """
    key = plain(word)
    if key in own:
        return own[key]
    if key in APPROVED and _APPROVED.search(column.casefold()):
        return APPROVED[key]
    if key in APPROVED and not _SPAM.search(column.casefold()):
        raise InputError(f"{word!r} in {column!r} may mean spam or approved: say which with --map {word}=spam")
    if key not in WORDS:
        raise InputError(f"unknown label {word!r}: say what it means, for example --map '{word}=spam'")
    return WORDS[key]


def meanings(pairs: tuple[str, ...]) -> dict[str, Label | None]:
    """Read what a user says words mean: WORD=LABEL, or WORD=skip.

    >>> meanings(("Bad=spam", "trash=skip"))
    {'bad': 'spam', 'trash': None}
    """
    found: dict[str, Label | None] = {}
    labels: dict[str, Label | None] = {**{label: label for label in LABELS}, "skip": None}
    for pair in pairs:
        word, _, label = pair.rpartition("=")
        if not word or label not in labels:
            raise InputError(f"{pair!r} is not WORD=LABEL with a label of {', '.join(labels)}: --map bad=spam")
        found[plain(word)] = labels[label]
    return found


def label_of_folder(name: str) -> Label | None:
    """Return the label that a folder's name says, numbers and kinds of it left aside.

    >>> label_of_folder("easy_ham_2"), label_of_folder("spam"), label_of_folder("2024")
    ('ham', 'spam', None)
    """
    word = re.sub(r"^(easy|hard)|\d+$", "", plain(name))
    return WORDS.get(word) if word not in APPROVED else None

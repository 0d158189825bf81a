"""One call for frameworks: a text in, a verdict out, whatever the text and whatever goes wrong.

from moderator import hooks
if hooks.comment(text, post=post.title + post.body, author=name).action != "publish": ...

The model is loaded at the first call of a process and kept. Any thread may call, also after a fork.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from moderator import load
from moderator.errors import ModelError
from moderator.readers.files import MAX_CHARACTERS, MEDIA_OF
from moderator.records import ACTIONS, Action, Document, Failure, Media, Verdict

if TYPE_CHECKING:
    from moderator.pipeline import Moderator

TIMEOUT = 5.0  # seconds for a comment: somebody is waiting for the page
MAX_LATE = 8  # threads that are past their time; with more of them nothing would be in time any more


class _Process:
    """What belongs to one process: its models, a lock for loading them, and the threads that are late."""

    def __init__(self, models: dict[str, Moderator]) -> None:
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.models = dict(models)
        self.late: set[threading.Thread] = set()


_own = _Process({})


def comment(
    text: str,
    *,
    post: str | None = None,
    author: str | None = None,
    url: str | None = None,
    site_url: str | None = None,
    media: Media = "auto",
    language: str | None = None,
    id: str = "",
    model: str | os.PathLike[str] | None = None,
    timeout: float | None = TIMEOUT,
    on_error: Action = "hold",
) -> Verdict:
    """Judge a comment within so many seconds; `post` is the title and text that it stands under.

    What cannot be judged in full or in time gets the action `on_error` and a failure that says why.

    >>> comment("Thank you, the second recipe worked for me.", timeout=None).action
    'publish'
    """
    # Forms send an empty string for a field that was left out.
    document = Document(text, id, "comment", media, post or None, author or None, url or None, site_url, language)
    return judge(document, model=model, timeout=timeout, on_error=on_error)


def page(
    text: str,
    *,
    path: str | os.PathLike[str] = "",
    media: Media | None = None,
    site_url: str | None = None,
    language: str | None = None,
    model: str | os.PathLike[str] | None = None,
    timeout: float | None = None,
    on_error: Action = "hold",
) -> Verdict:
    r"""Judge a page; the end of its path says how it is written, as when files are scanned.

    >>> page("# Rye bread\n\nIt needs a night in a warm kitchen.", path="rye.md").action
    'publish'
    """
    if media is None:
        media = MEDIA_OF.get(PurePath(path).suffix.lower(), "auto")
    document = Document(text, PurePath(path).as_posix() if path else "", "page", media, None, None, None, site_url,
                        language)  # fmt: skip
    return judge(document, model=model, timeout=timeout, on_error=on_error)


def judge(
    document: Document,
    *,
    model: str | os.PathLike[str] | None = None,
    timeout: float | None = None,
    on_error: Action = "hold",
) -> Verdict:
    """Judge a document and raise nothing; the first call of a process also loads the model."""
    if on_error not in ACTIONS:
        raise ValueError(f"on_error must be one of {', '.join(ACTIONS)}, not {on_error!r}")

    def work() -> Verdict:
        try:
            if isinstance(document.text, str) and len(document.text) > MAX_CHARACTERS:
                raise ValueError(f"a text of {len(document.text)} characters; at most {MAX_CHARACTERS} are judged")
            return replace(loaded(model), on_error=on_error).judge([document])[0]
        except ModelError as error:
            return _unjudged(document, on_error, Failure("model", str(error)))
        except ValueError as error:
            return _unjudged(document, on_error, Failure("input", str(error)))
        except Exception as error:
            return _unjudged(document, on_error, Failure("analysis", f"{type(error).__name__}: {error}"))

    if timeout is None:
        return work()
    verdict = _within(timeout, work)
    return verdict if isinstance(verdict, Verdict) else _unjudged(document, on_error, Failure("time", verdict))


def loaded(model: str | os.PathLike[str] | None = None) -> Moderator:
    """Return this process's moderator; called before a server forks, its memory is shared.

    Without a model it is that of MODERATOR_MODEL, or the one that ships. Raises ModelError.
    """
    own = _process()
    name = os.fspath(model or os.environ.get("MODERATOR_MODEL", ""))
    if name not in own.models:
        with own.lock:
            if name not in own.models:
                own.models[name] = load(name or None)
    return own.models[name]


def _process() -> _Process:
    """Return what belongs to this process, new after a fork."""
    global _own
    if _own.pid != os.getpid():
        # A lock that another thread held at the fork stays locked for ever; a model is data and can stay.
        _own = _Process(_own.models)
    return _own


def _within(seconds: float, work: Callable[[], Verdict]) -> Verdict | str:
    """Return what the work returns, or why it did not in time; a thread cannot be stopped, only left behind."""
    own = _process()
    own.late = {thread for thread in own.late if thread.is_alive()}
    if len(own.late) >= MAX_LATE:
        return f"{len(own.late)} texts are still being judged past their time"
    done: list[Verdict] = []
    thread = threading.Thread(target=lambda: done.append(work()), name="moderator", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        return f"no thread could be started: {error}"
    thread.join(max(seconds, 0.0))
    if done:
        return done[0]
    own.late = {*own.late, thread}
    return f"not judged within {seconds:g} s"


def _unjudged(document: Document, action: Action, failure: Failure) -> Verdict:
    name = document.id if isinstance(document.id, str) else str(document.id)
    return Verdict(name, action, None, None, None, failures=(failure,))

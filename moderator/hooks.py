"""One call for frameworks: a text in, a verdict out, whatever the text and whatever goes wrong.

from moderator import hooks
if hooks.comment(text, post=post.title + post.body, author=name).action != "publish": ...

The model is loaded at the first call of a process and kept. Any thread may call, also after a fork. No configuration
is looked for: where `config` names a file, what it says counts, and it is read once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from moderator import load
from moderator.errors import ConfigError, ModelError, ProfileError
from moderator.readers.files import MAX_CHARACTERS, MEDIA_OF, STDIN, Options, Record
from moderator.records import ACTIONS, Action, Document, Failure, Media, Verdict

if TYPE_CHECKING:
    from moderator.config import Config
    from moderator.house import House
    from moderator.pipeline import Moderator

File = str | os.PathLike[str]

TIMEOUT = 5.0  # seconds for a comment: somebody is waiting for the page
MAX_LATE = 8  # threads that are past their time; with more of them nothing would be in time any more


class _Process:
    """What belongs to one process: what it has loaded, a lock for loading, and the threads that are late."""

    def __init__(self, before: _Process | None = None) -> None:
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.models: dict[tuple[str, ...], Moderator] = dict(before.models) if before else {}
        self.configs: dict[str, Config] = dict(before.configs) if before else {}
        self.houses: dict[tuple[Config, str], House] = dict(before.houses) if before else {}
        self.late: set[threading.Thread] = set()


_own = _Process()


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
    model: File | None = None,
    config: File | Config | None = None,
    timeout: float | None = TIMEOUT,
    on_error: Action | None = None,
) -> Verdict:
    """Judge a comment within so many seconds; `post` is the title and text that it stands under.

    What cannot be judged in full or in time gets the action `on_error` ("hold", if nothing else is said) and a failure
    that says why. `config` is a configuration file: what it says for all paths counts where no argument does.

    >>> comment("Thank you, the second recipe worked for me.", timeout=None).action
    'publish'
    """
    # Forms send an empty string for a field that was left out.
    document = Document(text, id, "comment", media, post or None, author or None, url or None, site_url, language)
    return judge(document, model=model, config=config, timeout=timeout, on_error=on_error)


def page(
    text: str,
    *,
    path: File = "",
    media: Media | None = None,
    site_url: str | None = None,
    language: str | None = None,
    model: File | None = None,
    config: File | Config | None = None,
    timeout: float | None = None,
    on_error: Action | None = None,
) -> Verdict:
    r"""Judge a page; the end of its path says how it is written, as when files are scanned.

    With a `config` its settings for that path count, too, and where the path leads to a file, the page may say itself
    what is meant to be there.

    >>> page("# Rye bread\n\nIt needs a night in a warm kitchen.", path="rye.md").action
    'publish'
    """
    if media is None:
        media = MEDIA_OF.get(PurePath(path).suffix.lower(), "auto")
    document = Document(text, PurePath(path).as_posix() if path else "", "page", media, None, None, None, site_url,
                        language)  # fmt: skip
    return judge(document, path=path, model=model, config=config, timeout=timeout, on_error=on_error)


def judge(
    document: Document,
    *,
    path: File = "",
    model: File | None = None,
    config: File | Config | None = None,
    timeout: float | None = None,
    on_error: Action | None = None,
) -> Verdict:
    """Judge a document and raise nothing; the first call of a process also loads the model."""
    if on_error not in (None, *ACTIONS):
        raise ValueError(f"on_error must be one of {', '.join(ACTIONS)}, not {on_error!r}")
    try:
        found = _config(config)
    except ConfigError as error:
        return _unjudged(document, on_error or "hold", Failure("config", str(error)))
    least: Action = on_error or _said(found, "on-error") or "hold"
    record = Record(document, os.fspath(path) or STDIN)

    def work() -> Verdict:
        try:
            if isinstance(document.text, str) and len(document.text) > MAX_CHARACTERS:
                raise ValueError(f"a text of {len(document.text)} characters; at most {MAX_CHARACTERS} are judged")
            who = _house(found, model).moderator_of(record) if found else loaded(model)
            return replace(who, on_error=least).judge([document])[0]
        except ModelError as error:
            return _unjudged(document, least, Failure("model", str(error)))
        except (ConfigError, ProfileError) as error:
            return _unjudged(document, least, Failure("config", str(error)))
        except ValueError as error:
            return _unjudged(document, least, Failure("input", str(error)))
        except Exception as error:
            return _unjudged(document, least, Failure("analysis", f"{type(error).__name__}: {error}"))

    if timeout is None:
        return work()
    verdict = _within(timeout, work)
    return verdict if isinstance(verdict, Verdict) else _unjudged(document, least, Failure("time", verdict))


def loaded(model: File | None = None, config: File | Config | None = None) -> Moderator:
    """Return this process's moderator; called before a server forks, its memory is shared.

    Without a model it is that of MODERATOR_MODEL, of the configuration, or the one that ships. Raises ModelError,
    and for what a configuration says ConfigError and ProfileError.
    """
    found = _config(config)
    return _house(found, model).moderator_elsewhere() if found else _loaded(_name(model))


def _name(model: File | None) -> str:
    return os.fspath(model or os.environ.get("MODERATOR_MODEL", ""))


def _loaded(model: str, profile: str | None = None) -> Moderator:
    own = _process()
    name = (model, profile) if profile else (model,)
    if name not in own.models:
        with own.lock:
            if name not in own.models:
                own.models[name] = load(model or None, profile=profile)
    return own.models[name]


def _config(config: File | Config | None) -> Config | None:
    """Return a configuration; a file is read once in a process. Raises ConfigError."""
    if config is None:
        return None
    from moderator.config import Config, read

    if isinstance(config, Config):
        return config
    own, name = _process(), os.fspath(config)
    if name not in own.configs:
        own.configs[name] = read(name)
    return own.configs[name]


def _house(config: Config, model: File | None) -> House:
    """Return who judges by a configuration."""
    from moderator.house import House

    own, key = _process(), (config, _name(model))
    if key not in own.houses:
        moderator = _loaded(_name(model) or _said(config, "model") or "", _said(config, "profile"))
        own.houses[key] = House(moderator, Options(), config, {})
    return own.houses[key]


def _said(config: Config | None, key: str) -> Any:
    """Return what a configuration says of all paths, if it does."""
    return config.values[key].value if config and key in config.values else None


def _process() -> _Process:
    """Return what belongs to this process, new after a fork."""
    global _own
    if _own.pid != os.getpid():
        # A lock that another thread held at the fork stays locked for ever; a model is data and can stay.
        _own = _Process(_own)
    return _own


def _within(seconds: float, work: Callable[[], Verdict]) -> Verdict | str:
    """Return what the work returns, or why it did not in time; a thread cannot be stopped, only left behind."""
    if seconds <= 0:  # a thread may be faster than who waits for it
        return f"not judged within {seconds:g} s"
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
    thread.join(seconds)
    if done:
        return done[0]
    own.late = {*own.late, thread}
    return f"not judged within {seconds:g} s"


def _unjudged(document: Document, action: Action, failure: Failure) -> Verdict:
    name = document.id if isinstance(document.id, str) else str(document.id)
    return Verdict(name, action, None, None, None, failures=(failure,))

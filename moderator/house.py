"""The rules of the house: how each file is read and who judges it, by configuration and command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from moderator import allow, config, policy
from moderator.allow import Allow, Entry
from moderator.config import Config, Value
from moderator.pipeline import Moderator
from moderator.readers.files import STDIN, Options, Record


class Reading:
    """Which files are judged and how each is read; what is the same for many files is worked out once."""

    def __init__(self, options: Options, found: Config | None, given: Mapping[str, Value]) -> None:
        self._options, self._config, self._given = options, found, given
        self._settings: dict[tuple[int, ...], dict[str, Value]] = {}
        self._sections: dict[str, tuple[int, ...]] = {}

    def leaves_out(self, path: str) -> bool:
        """Return whether the configuration says that a file is not judged."""
        if self._config is None or path == STDIN:
            return False
        name = config.name_of(self._config, path)
        excluded = bool(name) and self._config.excludes(name)
        return excluded or bool(self.settings(path)["skip"].value)

    def settings(self, path: str) -> dict[str, Value]:
        """Return the settings of a file; raises ConfigError for those that contradict each other."""
        sections = self._matching(path)
        if sections not in self._settings:
            layers = config.layers_of(self._config, sections)
            self._settings[sections] = config.combined(layers, self._given)
        return self._settings[sections]

    def options(self, path: str) -> Options:
        """Return how a file is read."""
        if self._config is None:
            return self._options
        values = self.settings(path)
        return Options(*(values[key].value for key in ("kind", "media", "encoding")))

    def _matching(self, path: str) -> tuple[int, ...]:
        if self._config is None:
            return ()
        if path not in self._sections:
            self._sections[path] = config.sections_of(self._config, path)
        return self._sections[path]


class House(Reading):
    """How files are read, and who judges them.

    What comes from git stands in files of its own, whether they are in the folder or not.
    """

    def __init__(
        self,
        moderator: Moderator,
        options: Options,
        found: Config | None,
        given: Mapping[str, Value],
        *,
        from_git: bool = False,
    ) -> None:
        super().__init__(options, found, given)
        self._moderator, self._from_git = moderator, from_git
        self._moderators: dict[tuple[tuple[int, ...], bool], Moderator] = {}

    def moderator_of(self, record: Record) -> Moderator:
        """Return who judges a record; only what stands in a file of its own may say that it is allowed."""
        own = record.line is None and record.path != STDIN and (self._from_git or Path(record.path).is_file())
        return self._moderator_for(record.path, own)

    def moderator_elsewhere(self) -> Moderator:
        """Return who judges what stands in no file, as what is sent to a server."""
        return self._moderator_for(STDIN, False)

    def _moderator_for(self, path: str, own: bool) -> Moderator:
        sections = self._matching(path)
        if (sections, own) not in self._moderators:
            self._moderators[sections, own] = self._made(sections, self.settings(path), own)
        return self._moderators[sections, own]

    def _made(self, sections: tuple[int, ...], values: Mapping[str, Value], own: bool) -> Moderator:
        hold, reject = values["hold-at"].value, values["reject-at"].value
        layers = config.layers_of(self._config, sections)
        allowing = Allow(
            domains={allow.domain(entry.match): entry for entry in self._entries(layers, "allow.domains")},
            phrases={allow.phrase(entry.match): entry for entry in self._entries(layers, "allow.phrases")},
            authors={allow.author(entry.match): entry for entry in self._entries(layers, "allow.authors")},
            inline=own and bool(values["directives"].value),
        )
        made = self._moderator
        if hold is not None or reject is not None:
            made = replace(made, policy=policy.with_thresholds(made.policy, hold, reject))
        return made if allowing == Allow() else replace(made, allow=allowing)

    def _entries(self, layers: Sequence[Mapping[str, Value]], key: str) -> Iterator[Entry]:
        """Yield what is allowed and where that is written, which is the same on every machine."""
        name = self._config.path.name if self._config else ""
        for value in (layer[key] for layer in layers if key in layer):
            place = f"{name}:{value.line}" if value.line else name
            yield from (Entry(match, place) for match in value.value)

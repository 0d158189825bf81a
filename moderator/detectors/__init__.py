"""The detectors: one file each, one literal tuple of those that are built in."""

from __future__ import annotations

from collections.abc import Mapping

from moderator.detectors.author import author
from moderator.detectors.base import Detector, Seen, checked, per_document
from moderator.detectors.drift import drift
from moderator.detectors.hidden import hidden
from moderator.detectors.links import links
from moderator.detectors.model import Table, model
from moderator.detectors.obfuscation import obfuscation
from moderator.detectors.repetition import repetition
from moderator.detectors.site import site
from moderator.detectors.topic import topic

__all__ = ["VOUCHING", "Detector", "Seen", "Table", "built_in", "checked", "per_document"]

# The codes that speak for a text: the more of them, the lower its score.
VOUCHING = frozenset({"author/owner", "model/honest", "site/honest", "topic/related"})


def built_in(tables: Mapping[str, Table]) -> tuple[Detector, ...]:
    """Return the detectors that come with the package, in their order; a site's own labels if there are."""
    return (
        model(tables=tables),
        *((site(tables["site"]),) if "site" in tables else ()),
        author(),
        links(),
        obfuscation(),
        hidden(),
        repetition(),
        topic(),
        drift(),
    )

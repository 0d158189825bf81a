"""What a finding is known by, wherever it stands: to baselines and to programs that follow findings over time."""

from __future__ import annotations

import hashlib
import json

from moderator.allow import fold
from moderator.records import Finding

DIGITS = 24


def identity(text: str, finding: Finding) -> str:
    """Return a digest of the folded text of a finding, its label and its strongest code."""
    return digest(fold(text[finding.span.start : finding.span.end]), finding.label, *finding.codes[:1])


def digest(*parts: str) -> str:
    """Return a digest of several texts together.

    >>> digest("a", "b") == digest("a", "b") != digest("ab")
    True
    """
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()[:DIGITS]

"""Links: what is said of how somebody wrote them."""

from __future__ import annotations

import numpy as np
import pytest

from moderator.analysis import Batch
from moderator.detectors.links import links
from moderator.detectors.model import Table, model
from moderator.features import FIELDS
from moderator.records import Document, Kind

ADDRESS = "http://kiln.example/glaze"


@pytest.mark.parametrize(
    ("text", "worded"),
    [
        (f"See {ADDRESS} for the glaze", 0),
        (f'See <a href="{ADDRESS}">my glaze</a>', 1),
        (f'<a href="{ADDRESS}">my glaze</a> and <a href="{ADDRESS}/2">my kiln</a>', 2),
        (f'See <a href="{ADDRESS}" rel="nofollow">{ADDRESS}</a>', 0),  # made of an address by the blog itself
        (f'See <a href="{ADDRESS}">kiln.example/gla...</a>', 0),
        (f"See [my glaze]({ADDRESS})", 0),
        (f'See <a href="{ADDRESS}"></a>', 0),
        ('See <a href="mailto:a@kiln.example">my mail</a>', 0),
    ],
)
def test_a_link_under_words_is_told_from_an_address(text: str, worded: int) -> None:
    found = [signal for _, signal in links()(Batch([Document(text)])) if signal.code == "links/worded"]
    assert [len(signal.spans) for signal in found] == ([worded] if worded else [])


@pytest.mark.parametrize(
    ("text", "kind", "judged"),
    [
        (f"Read [my glaze]({ADDRESS}) before you fire the kiln", "page", True),
        (f"Read [**my** `glaze`]({ADDRESS}) before you fire the kiln", "page", True),
        (f"Look at ![my glaze]({ADDRESS}.jpg) before you fire the kiln", "page", False),  # an image
        (f"Look at [![]({ADDRESS}.jpg)]({ADDRESS}) before you fire the kiln", "page", False),
        (f"Read [kiln.example/glaze]({ADDRESS}) before you fire the kiln", "page", False),
        (f"[my glaze]({ADDRESS})", "page", False),  # its words are judged already, as those of the segment
        (f'<a href="{ADDRESS}">my glaze</a>', "comment", True),
    ],
)
def test_the_words_of_a_link_are_judged(text: str, kind: Kind, judged: bool) -> None:
    tables = {name: Table(np.ones(16, np.int8), 1.0, 1.0) for name in FIELDS}
    found = [signal for _, signal in model(tables=tables)(Batch([Document(text, kind=kind)]))]
    assert [signal.code for signal in found if signal.code == "model/anchor"] == ["model/anchor"] * judged

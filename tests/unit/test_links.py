"""Links: what is said of how somebody wrote them."""

from __future__ import annotations

import pytest

from moderator.analysis import Batch
from moderator.detectors.links import links
from moderator.records import Document

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

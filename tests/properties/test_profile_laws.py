"""What holds of any profile, on inputs that nobody thought of."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from test_laws import MODERATOR, as_bytes, documents

from moderator import language, policy
from moderator.analysis import Batch
from moderator.pipeline import Moderator
from moderator.policy import DIGITS
from moderator.profile import LEAST_SHARE, MOST, Part, Profile, dumps, familiar, loads
from moderator.readers.files import Record
from moderator.records import Document, Verdict
from moderator.survey import profile_of, survey
from moderator.text import FIRST_SCRIPT, tables

CHANGED = ("drift/script", "drift/latin", "drift/language")
NAMES = language.names()[1:]
SCRIPTS = tables().scripts[FIRST_SCRIPT:]
HOSTS = ("a.example", "b.example", "c.example", "pills.example", "t.me")


def parts(names: tuple[str, ...], pages: int) -> st.SearchStrategy[dict[str, Part]]:
    part = st.builds(Part, st.floats(LEAST_SHARE, 0.2), st.integers(0, pages))
    return st.dictionaries(st.sampled_from(names), part, max_size=5)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    pages = draw(st.integers(1, 5000))
    hosts = draw(st.dictionaries(st.sampled_from(HOSTS), st.integers(1, pages)))
    return Profile(pages, draw(parts(NAMES, pages)), draw(parts(SCRIPTS, pages)), hosts)


def knowing(profile: Profile) -> Moderator:
    return replace(MODERATOR, familiar=familiar(profile))


def observed(moderator: Moderator, document: Document) -> dict[tuple[int, str], float]:
    """Return the strongest signal of each code in each segment."""
    _, signals, _ = moderator.observe([document])
    found: dict[tuple[int, str], float] = {}
    for segment, seen in enumerate(signals):
        for signal in seen:
            found[segment, signal.code] = max(found.get((segment, signal.code), 0.0), signal.strength)
    return found


@given(profiles())
def test_a_profile_reads_back(profile: Profile) -> None:
    assert loads(dumps(profile)) == profile
    assert dumps(loads(dumps(profile))) == dumps(profile)


@settings(max_examples=50, deadline=None)
@given(profiles(), documents)
def test_only_drift_and_links_change_and_never_by_much(profile: Profile, document: Document) -> None:
    without, known = observed(MODERATOR, document), observed(knowing(profile), document)
    for key in without.keys() | known.keys():
        before, after = without.get(key, 0.0), known.get(key, 0.0)
        if key[1] in CHANGED:
            assert after >= (1.0 - MOST) * before - 10**-DIGITS
        elif key[1].startswith("links/"):
            assert (1.0 - MOST) * before - 10**-DIGITS <= after <= before
        else:
            assert before == after


@settings(max_examples=50, deadline=None)
@given(profiles(), documents)
def test_what_a_profile_lists_is_never_raised(profile: Profile, document: Document) -> None:
    listed = replace(
        profile,
        languages={name: profile.languages.get(name, Part(LEAST_SHARE, 1)) for name in NAMES},
        scripts={name: profile.scripts.get(name, Part(LEAST_SHARE, 1)) for name in SCRIPTS},
    )
    without, known = observed(MODERATOR, document), observed(knowing(listed), document)
    assert all(strength <= without.get(key, 0.0) for key, strength in known.items())
    before, after = (policy.log_odds_of(m.judge([document])[0]) for m in (MODERATOR, knowing(listed)))
    assert after <= before + 1e-9


@settings(max_examples=50, deadline=None)
@given(st.lists(documents, min_size=1, max_size=6))
def test_a_survey_makes_a_profile_that_never_raises_its_own_pages(found: list[Document]) -> None:
    pages = [replace(document, kind="page") for document in found]
    *_, tally = survey(MODERATOR, (Record(document, "page") for document in pages))
    profile = profile_of(tally)
    assert loads(dumps(profile)) == profile
    listed = (profile.languages.keys(), profile.scripts.keys())
    counted = [letters.keys() == names for letters, names in zip(tally.letters.values(), listed, strict=True)]
    if tally.segments or not all(counted) or Batch(pages).hidden.any():
        return  # what was left out, as spam, as hidden or as next to nothing, is foreign on purpose
    for page in pages:
        before, after = (policy.log_odds_of(m.judge([page])[0]) for m in (MODERATOR, knowing(profile)))
        assert after <= before + 1e-9


@settings(max_examples=25, deadline=None)
@given(profiles(), st.lists(documents, min_size=1, max_size=6))
def test_law_5_neighbours_and_batches_change_nothing(profile: Profile, found: list[Document]) -> None:
    known = knowing(profile)
    together = [as_bytes(v, d) for v, d in zip(known.judge(found), found, strict=True)]
    assert together == [as_bytes(known.judge([d])[0], d) for d in found]


@settings(max_examples=50, deadline=None)
@given(profiles(), documents)
def test_law_3_the_score_is_the_sum_of_its_contributions(profile: Profile, document: Document) -> None:
    verdict: Verdict = knowing(profile).judge([document])[0]
    assert not verdict.failures
    assert verdict.score == round(policy.sigmoid(policy.log_odds_of(verdict)), policy.SCORE_DIGITS)

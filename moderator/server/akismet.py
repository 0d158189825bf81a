"""The API of Akismet: the same paths, fields, bodies and headers, so that its clients work unchanged."""

from __future__ import annotations

import codecs
import encodings
import json
import pkgutil
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from encodings import aliases
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from moderator.records import Document, Label, Verdict
from moderator.server.http import JSON, Headers, Refused, Reply, Request
from moderator.server.labels import COUNTS, site_of

if TYPE_CHECKING:
    from moderator.server.app import App
    from moderator.server.keys import Key

THANKS = b"Thanks for making the web a better place."
TRUE, FALSE, VALID, INVALID = b"true", b"false", b"valid", b"invalid"
FIELDS = 2000  # in one request; WordPress sends about a hundred
TRAP = "POST_ak_hp_textarea"  # the trap that the plugin of WordPress sets itself
FORMS = frozenset(("", "application/x-www-form-urlencoded", "text/plain", "application/octet-stream"))
# What is read of a request. Nothing else is looked at or kept, and these may be given once.
READ = frozenset(
    (
        "api_key", "key", "blog", "comment_type", "content_type", "comment_author", "comment_author_email",
        "comment_author_url", "comment_content", "comment_post_modified_gmt", "blog_charset", "user_role", "is_test",
        "honeypot_field_name", TRAP, "comment_post_title", "comment_post_content", "post_title", "post_content",
        "month", "format", "order", "limit", "offset", "filter", "from",
    )
)  # fmt: skip
_NAMES = {name.encode(): name for name in READ}
CONTEXT = re.compile(r"comment_context(\[\d*\])?")
POST = ("comment_post_title", "post_title", "comment_post_content", "post_content")
TEST_AUTHORS = frozenset(("akismet-guaranteed-spam", "viagra-test-123"))
TEST_MAIL = "akismet-guaranteed-spam@example.com"
COLUMNS = "Site,Total API Calls,Spam,Ham,Missed Spam,False Positives,Is Revoked"
ORDERS = dict(zip(("total", "spam", "ham", "missed_spam", "false_positives"), range(1, 6), strict=True))
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_GUID = b"x-akismet-guid"
# Python keeps every name that it was ever asked for, so it is asked for no others than these.
ENCODINGS = frozenset((*aliases.aliases, *(module.name for module in pkgutil.iter_modules(encodings.__path__))))
LONGEST_ENCODING = 40


class Form:
    """The fields of a request: those of its address and those of its body."""

    def __init__(self, request: Request) -> None:
        if request.media not in FORMS:
            raise Refused(415, "send application/x-www-form-urlencoded")
        self._pairs = [pair for data in (request.query, request.body) for pair in data.split(b"&") if pair]
        if len(self._pairs) > FIELDS:
            raise Refused(400, f"more than {FIELDS} fields")
        raw: dict[str, bytes] = {}
        context = []
        for pair in self._pairs:
            name, _, value = pair.partition(b"=")
            field = _NAMES.get(name)
            if field is None:
                # Of what is not read only the name is looked at, as it may be written in another way.
                plain = _unquoted(name).decode("latin-1") if b"%" in name or b"[" in name else name.decode("latin-1")
                if CONTEXT.fullmatch(plain):
                    context.append(value)
                if plain not in READ:
                    continue
                field = plain
            if raw.setdefault(field, value) != value:
                raise Refused(400, f"{field} is given twice")
        self._encoding = raw.get("blog_charset", b"").decode("latin-1")
        self._fields = {name: self._text(name, value) for name, value in raw.items() if value}
        self.context = [self._text("comment_context", value) for value in context]

    def __getitem__(self, name: str) -> str:
        return self._fields.get(name, "")

    def of_any_name(self, name: str) -> str:
        """Return the value of a field whose name is not known beforehand, as it came."""
        wanted = name.encode()
        values = (pair.partition(b"=") for pair in self._pairs)
        return next((value.decode("latin-1") for key, _, value in values if _unquoted(key) == wanted and value), "")

    def _text(self, name: str, value: bytes) -> str:
        """Return a value as text."""
        data = _unquoted(value)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
        try:
            encoding = encodings.normalize_encoding(self._encoding[:LONGEST_ENCODING]).lower()
            if encoding not in ENCODINGS or not codecs.lookup(encoding)._is_text_encoding:
                raise LookupError
            return data.decode(encoding)
        except (LookupError, ValueError) as error:
            raise Refused(400, f"{name} is not UTF-8, nor what blog_charset says") from error


def _unquoted(data: bytes) -> bytes:
    if b"+" in data:
        data = data.replace(b"+", b" ")
    return unquote_to_bytes(data) if b"%" in data else data


def secret_of(request: Request, form: Form) -> str:
    """Return the key: a field, or the first label of the host that was asked.

    WordPress sends a key that is to be verified as `key`, and the one that it has stored as `api_key`.
    """
    given = form["key"] or form["api_key"]
    return given or request.header(b"host").partition(".")[0].lower()


def document_of(form: Form, guid: str) -> Document:
    """Return the comment of a request; its address is not the post it stands under, only the context says that."""
    address = form["comment_author_url"].strip()
    context = "\n".join(dict.fromkeys(filter(None, (*(form[name] for name in POST), *form.context))))
    return Document(
        form["comment_content"],
        guid,
        "page" if "blog-post" in (form["comment_type"], form["content_type"]) else "comment",
        context=context or None,
        author=form["comment_author"] or None,
        url=address if address not in ("", "http://", "https://") else None,
        site_url=form["blog"] or None,
    )


def refusal(refused: Refused, request: Request) -> Reply:
    """Return an error as Akismet words it."""
    message = refused.message.encode()
    return Reply(message, status=refused.status, headers=(*refused.headers, (b"x-akismet-debug-help", message)))


def _invalid(why: str) -> Reply:
    return Reply(INVALID, headers=((b"x-akismet-debug-help", why.encode()),))


async def _asked(app: App, request: Request) -> tuple[Form, Key] | Reply:
    """Return the form and whose key it is, or what to answer instead."""
    form = Form(request)
    key = await app.keys.holder(request, secret_of(request, form))
    if key is None:
        return _invalid("The key is not one of this server.")
    request.notes["key"] = key.name
    return form, key


def _without_blog(form: Form) -> Reply | None:
    if form["blog"]:
        return None
    message = b'Missing required field: "blog".'
    return Reply(message, headers=((b"x-akismet-debug-help", message),))


async def verify_key(app: App, request: Request) -> Reply:
    """Say whether a key is good."""
    asked = await _asked(app, request)
    return asked if isinstance(asked, Reply) else Reply(VALID)


async def comment_check(app: App, request: Request) -> Reply:
    """Say whether a comment should be kept back."""
    asked = await _asked(app, request)
    if isinstance(asked, Reply) or (missing := _without_blog(asked[0])):
        return asked if isinstance(asked, Reply) else missing  # type: ignore[return-value]
    form, key = asked
    app.limits.spend(key)
    guid = secrets.token_hex(16)
    document = document_of(form, guid)
    fixed = _fixed(form)
    headers: list[tuple[bytes, bytes]] = [(_GUID, guid.encode())]
    if fixed:
        spam, score, action = fixed == "true", None, "fixed"
    else:
        verdict = await app.judge_one(request, document)
        spam, score, action = verdict.action != "publish", verdict.score, verdict.action
        headers += _about(app, verdict)
    request.notes["action"] = action
    if form["is_test"].lower() not in ("1", "true"):
        app.store.count(key.name, site_of(document.site_url), "api_calls", "spam" if spam else "ham")
        app.store.checked(key.name, document, action, score)
    return Reply(TRUE if spam else FALSE, headers=tuple(headers))


def _fixed(form: Form) -> str:
    """Return the answer where it does not depend on the text: tests, the owner of the site, a trap that was filled."""
    if form["comment_author"].lower() in TEST_AUTHORS or form["comment_author_email"].lower() == TEST_MAIL:
        return "true"
    if form["user_role"].lower() == "administrator":
        return "false"
    trap = form["honeypot_field_name"]
    return "true" if form[TRAP] or (trap and form.of_any_name(trap)) else ""


def _about(app: App, verdict: Verdict) -> Headers:
    """Return the headers that say more than true or false."""
    headers: list[tuple[bytes, bytes]] = []
    if verdict.action == "reject":
        headers.append((b"x-akismet-pro-tip", b"discard"))
    if verdict.action == "publish" and app.recheck_after and app.doubtful(verdict):
        headers.append((b"x-akismet-recheck-after", str(app.recheck_after).encode()))
    if verdict.failures:  # a client of Akismet takes X-akismet-debug-help for a failure of the call
        names = ",".join(sorted({failure.detector for failure in verdict.failures}))
        headers.append((b"x-moderator-failures", re.sub(r"[^\w,./-]", "?", names, flags=re.ASCII).encode()))
    return tuple(headers)


async def submit_spam(app: App, request: Request) -> Reply:
    """Take a label: this is spam."""
    return await _submit(app, request, "spam", "missed_spam")


async def submit_ham(app: App, request: Request) -> Reply:
    """Take a label: this is ham."""
    return await _submit(app, request, "ham", "false_positives")


async def _submit(app: App, request: Request, label: Label, column: str) -> Reply:
    asked = await _asked(app, request)
    if isinstance(asked, Reply) or (missing := _without_blog(asked[0])):
        return asked if isinstance(asked, Reply) else missing  # type: ignore[return-value]
    form, key = asked
    app.limits.spend(key)
    document = document_of(form, secrets.token_hex(16))
    if form["is_test"].lower() not in ("1", "true"):
        await app.store.label(key.name, label, document)
        app.store.count(key.name, site_of(document.site_url), column)
        app.metrics.add("labels_total", "label", label)
    return Reply(THANKS)


async def usage_limit(app: App, request: Request) -> Reply:
    """Say how much a key was used this month."""
    asked = await _asked(app, request)
    if isinstance(asked, Reply):
        return asked
    rows = app.store.usage(asked[1].name, _month())
    used = sum(row[1] for row in rows)
    throttled = app.limits.throttled(asked[1])
    return _json({"limit": "none", "usage": used, "percentage": "0.00", "throttled": throttled})


async def key_sites(app: App, request: Request) -> Reply:
    """List the sites that a key was used for, with counts."""
    asked = await _asked(app, request)
    if isinstance(asked, Reply):
        return asked
    form, key = asked
    month = form["month"] or _month()
    limit, offset, order = form["limit"] or "500", form["offset"] or "0", form["order"] or "total"
    numbers = all(re.fullmatch(r"\d{1,6}", n, re.ASCII) for n in (limit, offset))
    if not (_MONTH.fullmatch(month) and numbers and order in ORDERS and form["format"] in ("", "json", "csv")):
        raise Refused(400, "month is YYYY-MM, limit and offset are numbers, format is json or csv")
    rows = [row for row in app.store.usage(key.name, month) if form["filter"].lower() in row[0]]
    rows.sort(key=lambda row: (-row[ORDERS[order]], row[0]))
    shown = rows[int(offset) : int(offset) + int(limit)]
    if form["format"] == "csv":
        shares = f"(limit:{limit}, offset: {offset}, total: {len(rows)})"
        lines = [f"Active sites for {key.name or 'this machine'} during {month} {shares}", COLUMNS]
        lines += [",".join(map(str, (*row, "false"))) for row in shown]
        return Reply("\n".join(lines).encode(), b"text/csv; charset=utf-8")
    sites = [{"site": row[0], **dict(zip(COUNTS, row[1:], strict=True)), "is_revoked": False} for row in shown]
    return _json({month: sites, "limit": int(limit), "offset": int(offset), "total": len(rows)})


async def subscription(app: App, request: Request) -> Reply:
    """Say what the settings page of WordPress wants to know of an account."""
    asked = await _asked(app, request)
    if isinstance(asked, Reply):
        return asked
    account = {"account_id": 1, "account_name": "moderator", "account_type": "self-hosted", "status": "active"}
    return _json({**account, "user_email": "", "limit_reached": False, "next_billing_date": None})


async def stats(app: App, request: Request) -> Reply:
    """Count what was asked for a site, by month or by year."""
    asked = await _asked(app, request)
    if isinstance(asked, Reply) or (missing := _without_blog(asked[0])):
        return asked if isinstance(asked, Reply) else missing  # type: ignore[return-value]
    form, key = asked
    site = site_of(form["blog"])
    rows = [row for row in app.store.months(key.name, _since(form)) if row[1] == site]
    return _json(_counted(rows, _period(form)))


async def key_stats(app: App, request: Request) -> Reply:
    """Count what was asked with a key for all sites, by month or by year."""
    asked = await _asked(app, request)
    if isinstance(asked, Reply):
        return asked
    form, key = asked
    rows = app.store.months(key.name, _since(form))
    return _json(_counted(rows, _period(form), sites=True))


def _since(form: Form) -> str:
    """Return the first month that is counted; days are not kept, and Akismet then counts six months, too."""
    if form["from"] == "all":
        return ""
    now = datetime.now(UTC)
    months = now.year * 12 + now.month - 1 - 5
    return f"{months // 12}-{months % 12 + 1:02}"


def _period(form: Form) -> int:
    """Return how much of a month's name says which period it is counted in: all of it, or its year."""
    return 4 if form["from"] == "all" else 7


def _counted(rows: Sequence[tuple[Any, ...]], size: int, *, sites: bool = False) -> dict[str, Any]:
    """Return sums of rows of month, site and counts: of all, and of each period; the present one is always there."""
    periods: dict[str, list[tuple[Any, ...]]] = {_month()[:size]: []}
    for row in rows:
        periods.setdefault(row[0][:size], []).append(row)
    breakdown = {}
    for name in sorted(periods, reverse=True):
        found = periods[name]
        number = {"blogs": len({row[1] for row in found})} if sites else {}
        breakdown[name] = {**_sums(found), **number, "da": f"{name}-01-01"[:10]}
    sums = _sums(rows)
    wrong, seen = sums["missed_spam"] + sums["false_positives"], sums["spam"] + sums["ham"]
    accuracy = round(100 * (1 - wrong / seen), 2) if seen > wrong else 0.0
    return {**sums, "accuracy": accuracy, "time_saved": 0, "breakdown": breakdown}


def _sums(rows: Sequence[tuple[Any, ...]]) -> dict[str, int]:
    return {name: sum(row[n] for row in rows) for n, name in enumerate(COUNTS, 2) if name != "api_calls"}


async def deactivate(app: App, request: Request) -> Reply:
    """Confirm that the plugin of WordPress was switched off."""
    asked = await _asked(app, request)
    return asked if isinstance(asked, Reply) else Reply(b"deactivated")


async def test(app: App, request: Request) -> Reply:
    """Say that the server can be reached."""
    return Reply(b"connected")


def _month() -> str:
    return datetime.now(UTC).strftime("%Y-%m")


def _json(data: Mapping[str, Any]) -> Reply:
    return Reply(json.dumps(data).encode(), JSON)

"""Hostile input at three sizes: how time grows, slowest growth first, and the rate at the largest size.

    python tests/benchmarks/worst.py [--size 20000] [--only WORD ...] [--top 40]

Each input is judged and reported at n, 2n and 4n bytes: as a page (plain, Markdown, HTML), as what
`moderator explain` prints of one, as one comment, as comments of 100 characters, and as what stands
beside a comment (author, url, context). CPU time; `ratio` is the mean growth per doubling, `last`
that of the second one: near 2 is linear. An input is given up after --patience seconds. What is not
linear, is slower than 0.3 MB/s or has no verdict is named at once.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from moderator import Document, load
from moderator.explain import html
from moderator.explain.text import explanation_lines
from moderator.pipeline import Moderator
from moderator.report import to_json

SHORT = 0.05  # seconds
HIDDEN = "<p style='display:none'>Cheap viagra, <a href='http://slots.example/'>casino slots</a>, replicas</p>\n\n"
STEEP, SLOW = 2.6, 300_000  # growth per doubling, bytes a second
PIECE = 100  # characters of a comment, where there are many
WORDS = ("bread", "casino", "flour", "the", "oven", "and", "a", "loan", "for", "every", "baker", "in", "town")

MANY = (
    *"<>[]()!`*_~#&;:/\\\"'=-|@.{}$%^+,?0a \t\n\r\0ß中ａ",
    *("](", "[](", "[a](", "![", "[[", "]]", "<!", "</", "<a ", "<a href=", "&#", "&#x", "&amp", "&amp;", "&lt;"),
    *("**a", "*a", "_a", "a_", "`a", "```\n", "~~~", "'\"", "\\\\[", "{{", "{%", "<<", "<p>", "<a>", "</a>", "<br>"),
    *("<p", "<!--", "-->", "<![CDATA[", "<?", "<script>", "<style>", "<a href='", "[^1]: ", "|-", "&nbsp", "&#0;"),
)


def repeated(unit: str) -> Callable[[int], str]:
    """Return the maker of a text of n bytes that repeats a unit."""
    return lambda n: unit * (n // len(unit.encode("utf-8", "surrogatepass")) + 1)


def nested(before: str, after: str) -> Callable[[int], str]:
    """Return the maker of a text that opens and then closes something, as deep as n bytes allow."""
    return lambda n: (
        before * (n // len((before + after).encode())) + "x" + after * (n // len((before + after).encode()))
    )


def once(before: str, unit: str, after: str = "") -> Callable[[int], str]:
    """Return the maker of a text that opens something once, goes on for n bytes and perhaps closes it."""
    return lambda n: before + repeated(unit)(n) + after


def numbered(form: str) -> Callable[[int], str]:
    """Return the maker of a text of units that all differ."""
    return lambda n: "".join(form.format(i) for i in range(n // len(form.format(n // 20).encode()) + 1))


def staircase(step: str, item: str) -> Callable[[int], str]:
    """Return the maker of a text in which every line is one step deeper, started anew at 300 steps."""

    def make(n: int) -> str:
        lines: list[str] = []
        size = 0
        while size < n:
            lines.append(step * (len(lines) % 300) + item)
            size += len(lines[-1]) + 1
        return "\n".join(lines)

    return make


def words(n: int) -> str:
    """Return ordinary words at random: what the others are compared with."""
    chance = random.Random(0)
    return " ".join(chance.choices(WORDS, k=n // 5))


def noise(n: int) -> str:
    """Return random code points of all planes but the surrogates."""
    chance = random.Random(0)
    return "".join(chr(p if p < 0xD800 else p + 0x800) for p in (chance.randrange(0x10F7FF) for _ in range(n // 4)))


def punctuation(n: int) -> str:
    """Return random characters that markup is made of."""
    return "".join(random.Random(0).choices("<>[]()!`*_~#&;:/\\\"'=-|@. \nab", k=n))


HOSTILE: dict[str, Callable[[int], str]] = {
    "words": words,
    "random code points": noise,
    "random markup": punctuation,
    **{f"many {unit!r}": repeated(unit) for unit in MANY},
    "nested tags": nested("<b>", "</b>"),
    "nested blocks": nested("<div>", "</div>"),
    "nested links": nested("<a href='http://a.example/'>", "</a>"),
    "nested lists": nested("<ul><li>", "</li></ul>"),
    "nested tables": nested("<table><tr><td>", "</td></tr></table>"),
    "nested hidden": nested("<div style='display:none'>", "</div>"),
    "crossed tags": nested("<b><i>", "</b></i>"),
    "tags of many names": numbered("<t{}>"),
    "closing tags of many names": numbered("</t{}>"),
    "attributes": once("<a ", "b=c "),
    "attributes of many names": lambda n: "<a " + numbered("b{}=c ")(n) + ">",
    "long attribute": once("<a href='", "x", "'>"),
    "long style": once("<p style='", "a:b;", "'>x</p>"),
    "long style of zeros": once("<p style='opacity:", "0", "1'>x</p>"),
    "long style of blanks": once("<p style='display", " ", "x'>x</p>"),
    "styles of zeros": repeated(f"<p style='opacity:{'0' * 100}1'>x</p>"),
    "long class": once("<p class='", "a ", "'>x</p>"),
    "unclosed attribute": once("<a href='", "x "),
    "unclosed comment": once("<!--", "x "),
    "unclosed script": once("<script>", "x < y "),
    "unclosed fence": once("```\n", "x\n"),
    "unclosed code": once("`", "x "),
    "comments": repeated("<!-- x -->"),
    "comments, half open": repeated("<!-- x --"),
    "brackets": nested("[", "]"),
    "brackets with targets": nested("[", "](x)"),
    "brackets with addresses": nested("[", "](http://a.example/)"),
    "parentheses": nested("(", ")"),
    "target of parentheses": lambda n: "[a](" + nested("(", ")")(n) + ")",
    "underscores in a word": once("a", "_", "b"),
    "stars": nested("*a ", "*"),
    "back ticks of all lengths": lambda n: " ".join("`" * k for k in range(1, int((2 * n) ** 0.5))),
    "markdown links": repeated("[a](http://a.example/) "),
    "markdown links of many hosts": numbered("[a{0}](http://a{0}.example/) "),
    "reference links": numbered("[a{0}][b{0}] "),
    "reference targets": numbered("[b{0}]: http://a{0}.example/\n"),
    "reference targets, then lines": lambda n: repeated("[b]: x\n")(n // 2) + repeated("\na\n")(n // 2),
    "footnotes": numbered("[^{0}] "),
    "headings": repeated("# a\n"),
    "setext headings": repeated("a\n=\n"),
    "rules": repeated("---\n"),
    "html links": repeated("<a href='http://a.example/'>a</a> "),
    "html links of many hosts": numbered("<a href='http://a{0}.example/'>a{0}</a> "),
    "paragraphs": repeated("<p>Good bread.</p>"),
    "paragraphs of many words": numbered("<p>w{0} v{0}</p>"),
    "paragraphs in two languages": repeated("Das Brot braucht noch eine Stunde.\n\nХлебу нужен ещё час.\n\n"),
    "hidden paragraphs": repeated(f"{'The bread was good and the oven was hot enough.' * 2}\n\n" * 6 + HIDDEN),
    "bbcode": repeated("[url=http://a.example/]a[/url] "),
    "bbcode, nested": nested("[url=http://a.example/]", "[/url]"),
    "bbcode, unclosed": repeated("[url="),
    "bbcode, unclosed tags": repeated("[b]"),
    "bbcode, unclosed links": repeated("[url=http://a.example/]"),
    "addresses": repeated("http://a.example/ "),
    "addresses of many hosts": numbered("http://a{0}.example/ "),
    "bare hosts": numbered("a{0}.com "),
    "one address": once("http://a.example/", "x"),
    "one long host": once("http://", "a."),
    "one long query": once("http://a.example/?", "a=%20&"),
    "dotted letters": repeated("a.a."),
    "dotted hosts": repeated("a.com."),
    "dotted digits": repeated("1.1."),
    "letters before a scheme": repeated("a" * 2000 + "1://a.example "),
    "schemes": repeated("http://"),
    "schemes without slashes": repeated("http:"),
    "disguised addresses": repeated("a [dot] com "),
    "disguised, half": repeated("a (dot) "),
    "mail": repeated("a@a.example "),
    "mail, no end": repeated("a@a."),
    "mail names": repeated("a.a+a"),
    "hyphens": repeated("a-"),
    "hyphens, then dot": once("", "a-", " dot "),
    "www": repeated("www."),
    "names": repeated("@a "),
    "tags of words": repeated("#a "),
    "numbers": repeated("+49 (0) 123-4567 "),
    "spaced letters": repeated("v i a g r a  "),
    "spaced letters, one run": repeated("v "),
    "spaced letters, dotted": repeated("v.i.a."),
    "mixed scripts": repeated("bаd сasіno "),
    "mixed scripts, one word": repeated("aа"),
    "scripts, one word each": repeated("bread хлеб 面包 ψωμί خبز ब्रेड "),
    "combining marks": repeated("a\u0301"),
    "combining marks on one letter": once("a", "\u0301"),
    "combining marks, unordered": once("a", "\u0301\u0323"),
    "zero width": repeated("\u200b"),
    "zero width in words": repeated("c\u200ba\u200bs\u200bi\u200bn\u200bo "),
    "joiners": repeated("\u200d"),
    "variation selectors": repeated("❤\ufe0f"),
    "tag characters": repeated("\U000e0061"),
    "directions": repeated("\u202e"),
    "isolates": nested("\u2066", "\u2069"),
    "hangul jamo": repeated("\u1112\u1161\u11ab"),
    "emoji": repeated("🎰"),
    "emoji with joiners": repeated("👩\u200d👧"),
    "styled letters": repeated("𝐯𝐢𝐚𝐠𝐫𝐚 "),
    "leet": repeated("v1@gr4 "),
    "capitals": repeated("BUY NOW "),
    "no words": repeated("?! "),
    "one word of all letters": numbered("{0}a"),
    "different words": numbered("word{0} "),
    "the same word": repeated("casino "),
    "the same line": repeated("Buy at a.example now\n"),
    "one giant Chinese run": repeated("面包很好吃"),
    "one giant Thai run": repeated("ขนมปัง"),
    "one giant Japanese run": repeated("パンを焼く"),
    "spaces, then a word": lambda n: " " * n + "x",
    "words far apart": repeated("a" + " " * 200),
    "spaces at line ends": repeated("a   \n"),
    "lines": repeated("a\n"),
    "lines, one letter of each script": lambda n: "\n".join(noise(n)),
    "lone surrogates": repeated("\ud800"),
    "lines, empty": repeated("\r\n"),
    "lines of blanks": repeated(" \n"),
    "paragraph separators": repeated("\u2029"),
    "deep lists": staircase("  ", "- a"),
    "deep quotes": staircase(">", "a"),
    "deep quotes in one line": once("", "> ", "a"),
    "lists": repeated("- a\n"),
    "numbered list": numbered("{0}. a\n"),
    "lists of empty items": repeated("-\n"),
    "quotes": repeated("> a\n"),
    "quotes and lists": repeated("> - > - "),
    "tables": repeated("|a|b|\n"),
    "table rule of blanks": once("a\n", " ", "x|"),
    "table rule of one dash": once("-", " ", "x|"),
    "table rules, broken": once("", "|-  ", "x"),
    "tables, wide": once("|a|\n|-|\n", "|a"),
    "indented": repeated("    a\n"),
    "fences": repeated("```\na\n```\n"),
    "front matter": lambda n: "---\n" + numbered("k{0}: v\n")(n) + "---\ntext\n",
    "front matter, unclosed": once("---\n", "k: v\n"),
    "front matter, many": repeated("---\nk: v\n---\n"),
    "shortcodes": repeated("{{< a >}}"),
    "shortcodes, unclosed": repeated("{{< a "),
    "liquid, unclosed": repeated("{% a "),
    "mdx": repeated("<A b={c} />"),
    "escapes": repeated("\\*"),
    "autolinks": repeated("<http://a.example/>"),
    "autolinks, unclosed": repeated("<http://a.example/ "),
    "separators": repeated("a | "),
    "keywords in a list": repeated("cheap loans, "),
    "quotation marks": nested("“", "”"),
}  # fmt: skip
FORMS = ("plain", "markdown", "html", "explain", "comment", "comments", "author", "url", "context")


class TooLongError(BaseException):
    """An input took longer than there is patience for; no error, so that no detector is blamed for it."""


class Result(NamedTuple):
    """One input in one form: CPU seconds at n, 2n and 4n, and bytes a second at the last of them."""

    name: str
    form: str
    seconds: list[float]
    rate: float

    @property
    def ratio(self) -> float:
        """How much longer a text of twice the size takes, on average."""
        return math.pow(self.seconds[-1] / self.seconds[0], 1 / max(1, len(self.seconds) - 1))

    @property
    def last(self) -> float:
        """The same for the two largest sizes."""
        return self.seconds[-1] / self.seconds[-2] if len(self.seconds) > 1 else 1.0


def documents(form: str, text: str) -> list[Document]:
    """Return a text as the documents of a form."""
    if form in ("plain", "markdown", "html"):
        return [Document(text, kind="page", media=form)]  # type: ignore[arg-type]
    if form == "explain":
        return [Document(text, kind="page")]
    if form == "comment":
        return [Document(text)]
    if form == "comments":
        return [Document(text[i : i + PIECE]) for i in range(0, len(text), PIECE)]
    return [Document("Thank you, the second recipe worked for me.", **{form: text})]  # type: ignore[arg-type]


def seconds(moderator: Moderator, form: str, text: str) -> float:
    """Return the CPU time that judging and reporting took, the least of three if it is short."""
    best = float("inf")
    for _ in range(3):
        given = documents(form, text)
        begin = time.process_time()
        if form == "explain":
            explanation = moderator.explain(given[0])
            "\n".join(explanation_lines(explanation, unstyled))
            html.page(explanation)
        else:
            for document, verdict in zip(given, moderator.judge(given), strict=True):
                to_json(verdict, document.text)
        best = min(best, time.process_time() - begin)
        if best > SHORT:
            break
    return best


def unstyled(text: str, _: str) -> str:
    """Return text as it is, as a terminal without colours shows it."""
    return text


def give_up(*_: object) -> None:
    """Stop what takes too long."""
    raise TooLongError("given up")


def measure(moderator: Moderator, size: int, only: list[str], patience: float) -> Iterator[Result]:
    """Yield how each input does in each form."""
    for name, make in HOSTILE.items():
        for form in FORMS:
            if only and not any(word in f"{name} {form}" for word in only):
                continue
            times: list[float] = []
            for n in (size, 2 * size, 4 * size):
                text = make(n)
                signal.setitimer(signal.ITIMER_REAL, patience)
                try:
                    times.append(seconds(moderator, form, text))
                except (TooLongError, Exception) as error:
                    print(f"{name}, {form}, {len(text):,} characters: {type(error).__name__}: {error}", flush=True)
                    break
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            if not times:
                continue
            result = Result(name, form, times, len(text.encode("utf-8", "surrogatepass")) / times[-1])
            if (result.ratio > STEEP and times[-1] > SHORT) or result.rate < SLOW:
                print(line(result), flush=True)
            yield result


def line(r: Result) -> str:
    """Return a result as a line of a table."""
    cells = " ".join(f"{s * 1e3:6.0f} ms" for s in r.seconds).ljust(29)
    return f"{r.name:32} {r.form:9} {cells} {r.ratio:6.2f} {r.last:6.2f} {r.rate / 1e6:8.2f}"


def table(title: str, results: list[Result]) -> None:
    """Print results, one a line."""
    print(f"\n{title}\n{'input':32} {'form':9} {'n':>9} {'2n':>9} {'4n':>9} {'ratio':>6} {'last':>6} {'MB/s':>8}")
    for result in results:
        print(line(result))


def main() -> None:
    """Print the inputs whose time grows fastest, and those that are slowest."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--top", type=int, default=40)
    parser.add_argument("--patience", type=float, default=10.0)
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, give_up)
    moderator = load()
    moderator.check("warm", context="warm", author="warm", url="https://warm.example/")
    results = list(measure(moderator, options.size, options.only, options.patience))
    print(f"{len(results)} inputs; n is {options.size:,} bytes")
    table("time grows fastest", sorted(results, key=lambda r: -r.ratio)[: options.top])
    table("slowest", sorted(results, key=lambda r: r.rate)[: options.top])


if __name__ == "__main__":
    main()

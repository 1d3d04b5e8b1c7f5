"""The tables of vendors in the docs and the READMEs, made from the rows.

``python -m providers.reference`` writes them; with ``--check`` it writes nothing and exits with 1 when one is stale.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from providers import support
from providers.vendor import Vendor, by_module

ROOT: Final = Path(__file__).resolve().parents[1]
PAGES: Final = Path("docs") / "vendors"
COMMON_PAGE: Final = "openai-compatible"
BEGIN: Final = "<!-- vendors:begin -->"
END: Final = "<!-- vendors:end -->"
YES, NO = "✓", "–"

_LIMITS: Final = (support.STREAM, support.STOP, support.MAX_TOKENS, support.LENGTH, support.USAGE)
"""Words that nearly every row claims: their absence is told."""


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language; ``suffix`` is how its pages' names end."""

    suffix: str
    title: Callable[[Vendor], str]
    summary: tuple[str, ...]
    matrix: tuple[str, ...]
    nothing: str
    either: str
    comma: str
    one_call: str
    lacking: str
    json_object: str
    json_schema: str
    page: str
    more: str


ENGLISH: Final = Language(
    suffix="",
    title=lambda row: row.title,
    summary=(
        *("key under `services`", "what it is", "chat", "tools", "images", "thinking", "embeddings"),
        *("credentials", "page"),
    ),
    matrix=(
        *("name (also)", "what it is", "protocol", "chat", "stream", "tools", "images", "JSON", "thinking"),
        *("embeddings", "without", "default `server_url`"),
    ),
    nothing="none",
    either=" or ",
    comma=", ",
    one_call="one call",
    lacking="not ",
    json_object="object",
    json_schema="schema",
    page="page",
    more="Every protocol and what it can do: [docs/vendors/README.md](docs/vendors/README.md).",
)
CHINESE: Final = Language(
    suffix=".zh-CN",
    title=lambda row: row.title_zh or row.title,
    summary=("`services` 下的键", "是什么", "聊天", "工具", "图片", "思考", "向量", "凭据", "文档"),
    matrix=(
        *("名字（别名）", "是什么", "协议", "聊天", "流式", "工具", "图片", "JSON", "思考", "向量", "不支持"),
        "默认 `server_url`",
    ),
    nothing="无",
    either=" 或 ",
    comma="、",
    one_call="一次一个调用",
    lacking="不支持 ",
    json_object="对象",
    json_schema="schema",
    page="文档",
    more="每种协议和它的能力：[docs/vendors/README.zh-CN.md](docs/vendors/README.zh-CN.md)。",
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """All rows by name, the module of each, and the names of the pages that there are."""

    rows: Mapping[str, Vendor]
    modules: Mapping[str, str]
    pages: Collection[str]

    def head(self, row: Vendor) -> Vendor:
        """The row whose family it belongs to: the one whose name it continues after a hyphen, or itself."""
        parts = row.name.split("-")
        names = ("-".join(parts[:count]) for count in range(1, len(parts)))
        return next((self.rows[name] for name in names if name in self.rows), row)

    def page(self, row: Vendor, language: Language) -> str:
        """The file name of the page about a row, in the language if there is one."""
        about = (row.name, self.head(row).name, self.modules[row.name])
        name = next((name for name in about if name in self.pages), COMMON_PAGE)
        return f"{name}{language.suffix if f'{name}{language.suffix}' in self.pages else ''}.md"


def shelf(root: Path = ROOT) -> Shelf:
    """The rows of now, and the pages under ``root``."""
    found = by_module()
    rows = {row.name: row for module in found.values() for row in module}
    modules = {row.name: name for name, module in found.items() for row in module}
    return Shelf(rows, modules, frozenset(path.name.removesuffix(".md") for path in (root / PAGES).glob("*.md")))


def matrix(stock: Shelf, language: Language) -> Iterator[str]:
    """The lines of the table of every row and all that it can do."""
    yield from _head(language.matrix)
    for row in sorted(stock.rows.values(), key=lambda row: row.name):
        can = partial(_mark, row.supports)
        also = f" ({', '.join(f'`{name}`' for name in row.services)})" if row.services else ""
        yield _line(
            f"[`{row.name}`]({stock.page(row, language)}){also}",
            language.title(row),
            protocol(row),
            YES,
            can(support.STREAM),
            _tools(row.supports, language),
            can(support.IMAGES),
            _json(row.supports, language),
            can(support.REASONING),
            YES if row.embed else NO,
            language.comma.join(f"`{word}`" for word in _LIMITS if word not in row.supports) or NO,
            f"<{row.base_url}>" if row.base_url else NO,
        )


def summary(stock: Shelf, language: Language) -> Iterator[str]:
    """The lines of the table of families, where protocols of one vendor stand together, and where to read on."""
    yield from _head(language.summary)
    families: dict[str, list[Vendor]] = {}
    for row in stock.rows.values():
        families.setdefault(stock.head(row).name, []).append(row)
    for name in sorted(families):
        head, family = stock.rows[name], families[name]
        can = partial(_mark, frozenset(word for row in family for word in row.supports))
        others = [service for row in family for service in row.services]
        page = PAGES / stock.page(head, language)
        yield _line(
            f"`{name}`" + (f" ({', '.join(f'`{other}`' for other in others)})" if others else ""),
            language.title(head),
            YES,
            can(support.TOOLS),
            can(support.IMAGES),
            can(support.REASONING),
            YES if any(row.embed for row in family) else NO,
            _credentials(family, language),
            f"[{language.page}]({page.as_posix()})",
        )
    yield f"\n{language.more}"


def protocol(row: Vendor) -> str:
    """Whose wire a row speaks: the package that its ``encode`` is from, and the transport if that is no HTTP."""
    function: Any = row.encode
    if isinstance(function, partial):
        function = function.func
    _, kind, name = str(function.__module__).split(".")[:3]
    told = name if kind == "wires" else row.wire or name
    return told if row.transport == "http" else f"{told} ({row.transport})"


def _mark(words: Collection[str], word: str) -> str:
    return YES if word in words else NO


def _tools(words: Collection[str], language: Language) -> str:
    if support.TOOLS not in words:
        return NO
    kinds = {"none": support.TOOL_NONE, "required": support.TOOL_REQUIRED, "named": support.TOOL_NAMED}
    missing = language.comma.join(f"`{kind}`" for kind, word in kinds.items() if word not in words)
    notes = [language.one_call] if support.PARALLEL_TOOLS not in words else []
    notes += [f"{language.lacking}{missing}"] if missing else []
    return " ".join((YES, language.comma.join(notes))).strip()


def _json(words: Collection[str], language: Language) -> str:
    kinds = {support.JSON_OBJECT: language.json_object, support.JSON_SCHEMA: language.json_schema}
    return language.comma.join(told for word, told in kinds.items() if word in words) or NO


def _credentials(family: Iterable[Vendor], language: Language) -> str:
    """The alternatives of all rows of a family; where none is needed also the fields that there are."""
    ways = dict.fromkeys(
        names
        for row in family
        for needed in row.credentials.required
        for names in (needed, *(() if needed else ((name,) for name in row.credentials.optional)))
    )
    return language.either.join(" + ".join(f"`{name}`" for name in names) or language.nothing for names in ways)


def _head(titles: Sequence[str]) -> Iterator[str]:
    yield _line(*titles)
    yield "|" + "---|" * len(titles)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def refreshed(document: str, lines: Iterable[str]) -> str:
    """``document`` with these lines between its marks. Raises ValueError when a mark is missing."""
    before, found_begin, rest = document.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found_begin or not found_end:
        raise ValueError("the marks of the vendors' table are missing")
    told = "\n".join(lines)
    return f"{before}{BEGIN}\n{told}\n{END}{after}"


DOCUMENTS: Final[Mapping[Path, tuple[Callable[[Shelf, Language], Iterator[str]], Language]]] = {
    PAGES / "README.md": (matrix, ENGLISH),
    PAGES / "README.zh-CN.md": (matrix, CHINESE),
    Path("README.md"): (summary, ENGLISH),
    Path("README.zh-CN.md"): (summary, CHINESE),
}


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """0, or 1 when ``--check`` finds a document stale. The pages that the tables lead to are those under ``root``."""
    stale = 0
    for path, (table, language) in DOCUMENTS.items():
        old = (root / path).read_text(encoding="utf-8")
        new = refreshed(old, table(shelf(root), language))
        if arguments == ["--check"]:
            if old != new:
                stale = 1
                sys.stderr.write(f"{path} is stale: run python -m providers.reference\n")
        else:
            (root / path).write_text(new, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

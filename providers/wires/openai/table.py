"""The table of rows in the docs, made from the rows: ``python -m providers.wires.openai.table FILE`` renews it."""

import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from providers.vendor import Vendor, load_vendors
from providers.wires.openai.dialect import KEEP, NEVER, REPLY_ONLY_FIELDS, Dialect, Range
from providers.wires.openai.row import WIRE

BEGIN: Final = "<!-- rows: made by python -m providers.wires.openai.table, do not edit -->"
END: Final = "<!-- end of rows -->"
HEAD: Final = (
    "| name (also) | hosts | base | parameters | messages |",
    "|---|---|---|---|---|",
)


def table(vendors: Iterable[Vendor]) -> str:
    """One line of Markdown for each row of the wire, by name, under the table's head."""
    rows = sorted((row for row in vendors if row.wire == WIRE and _dialect(row)), key=lambda row: row.name)
    return "\n".join((*HEAD, *map(_line, rows)))


def _dialect(row: Vendor) -> Dialect | None:
    bound: Any = row.encode.keywords if isinstance(row.encode, partial) else {}
    dialect = bound.get("dialect")
    return dialect if isinstance(dialect, Dialect) else None


def _line(row: Vendor) -> str:
    dialect = _dialect(row) or Dialect()
    names = f"{row.name} ({', '.join(row.services)})" if row.services else row.name
    cells = (names, ", ".join(row.hosts), row.base_url, _parameters(dialect), _messages(dialect))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _parameters(dialect: Dialect) -> str:
    told = [f"token limit: {dialect.max_tokens}"] if dialect.max_tokens != KEEP else []
    told += [f"only {_names(dialect.only)}"] if dialect.only is not None else []
    told += [f"without {_names(dialect.drop)}"] if dialect.drop else []
    told += [f"{old} → {new}" for old, new in dialect.rename.items()]
    told += _ranges(dialect.clamp)
    for rule in dialect.rules:
        what = [*_ranges(rule.clamp), *([f"without {_names(rule.drop)}"] if rule.drop else [])]
        unless = f" unless {rule.unless[0]} is {rule.unless[1]}" if rule.unless else ""
        told.append(f"`{rule.models.pattern}`: {', '.join(what)}{unless}")
    kinds = {"auto", "none", "required", "named"} - dialect.tool_choices
    told += [f"tool_choice without {_names(kinds)}"] if kinds else []
    told += ["no json_schema"] if not dialect.json_schema else []
    told += ["no stream_options"] if not dialect.stream_options else []
    told += [f"streams only: `{dialect.stream_only.pattern}`"] if dialect.stream_only is not NEVER else []
    return "; ".join(told)


def _messages(dialect: Dialect) -> str:
    stripped = dialect.strip - REPLY_ONLY_FIELDS
    kept = REPLY_ONLY_FIELDS - dialect.strip
    marks = {
        "one system message": dialect.merge_system,
        "by turns": dialect.alternate,
        "reasoning back on tool calls": dialect.keep_reasoning,
        "details of reasoning back on tool calls": dialect.keep_details,
        "text as strings": dialect.text_models is not NEVER,
        "developer": dialect.developer_models is not NEVER,
        "own tool call ids": dialect.tool_call_id is not None,
        f"null content: {dialect.null_content}": dialect.null_content != KEEP,
        f"without {_names(stripped)}": bool(stripped),
        f"keeps {_names(kept)}": bool(kept),
    }
    return "; ".join(words for words, holds in marks.items() if holds)


def _names(names: Iterable[str]) -> str:
    return " ".join(sorted(names))


def _ranges(ranges: Mapping[str, Range]) -> list[str]:
    return [f"{name} {_range(bounds)}" for name, bounds in ranges.items()]


def _range(bounds: Range) -> str:
    left = "[" if bounds.at_low is None else "("
    right = "]" if bounds.at_high is None else ")"
    low = "" if bounds.low is None else str(bounds.low)
    high = "" if bounds.high is None else str(bounds.high)
    return f"{left}{low}, {high}{right}"


def renewed(text: str, vendors: Iterable[Vendor]) -> str:
    """The text of a document with the table between its two marks made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table(vendors)}\n{END}{after}"


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(renewed(document.read_text(), load_vendors().values()))

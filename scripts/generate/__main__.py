"""Write everything that repeats what the code says: `python3 dev.py generate [--check]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.generate import catalog, data_model, dbt_sources, plugin_definition, tables
from scripts.generate.facts import ROOT, read_streams

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMENTS = {".md": "<!-- {} -->", ".yml": "    # {}"}
"""How a comment is written, by the suffix of the file."""


def main() -> None:
    """Write what is out of date, or with --check name it and exit with 1."""
    parser = argparse.ArgumentParser(prog="python3 dev.py generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, name what is stale")
    check = parser.parse_args().check
    stale = {name: text for name, text in contents().items() if _read(name) != text}
    for name, text in stale.items():
        sys.stdout.write(f"{name}: {'out of date, run dev.py generate' if check else 'written'}\n")
        if not check:
            (ROOT / name).write_text(text, encoding="utf-8")
    sys.exit(1 if check and stale else 0)


def contents() -> dict[str, str]:
    """Return each generated file, or file with generated parts, as it has to be."""
    streams = read_streams()
    parts = {
        "README.md": {"streams": tables.stream_groups(streams)},
        "docs/settings.md": {"settings": tables.settings()},
        "docs/custom-streams.md": {"fields": tables.custom_stream_fields()},
        "docs/streams.md": {
            "streams": tables.stream_tables(streams),
            "permissions": tables.permissions(streams),
        },
        "docs/columns.md": {"columns": tables.columns(streams)},
        "docs/personal-data.md": {"personal": tables.personal_columns(streams)},
        "docs/data-model.md": {"diagrams": data_model.diagrams(streams)},
        "meltano.yml": {
            "select": plugin_definition.project_selection(streams),
            "settings": plugin_definition.project_settings(),
        },
    }
    whole = {
        "dbt/models/sources.yml": dbt_sources.sources(streams),
        "meta.yml": plugin_definition.meta_yml(),
        "tests/__snapshots__/catalog.yml": catalog.snapshot(),
    }
    return whole | {name: with_parts(name, _read(name), of) for name, of in parts.items()}


def with_parts(name: str, text: str, parts: Mapping[str, str]) -> str:
    """Return a file's text with its generated parts replaced.

    A part stands between the comments `generated: NAME` and `/generated`.

    Raises:
        LookupError: The file lacks the comments of a part.
    """
    comment = COMMENTS[Path(name).suffix]
    end = comment.format("/generated")
    for part, content in parts.items():
        start = comment.format(f"generated: {part}")
        before, has_start, rest = text.partition(start)
        _, has_end, after = rest.partition(end)
        if not has_start or not has_end:
            message = f"{name} lacks the comments {start} and {end}"
            raise LookupError(message)
        text = f"{before}{start}\n{content}\n{end}{after}"
    return text


def _read(name: str) -> str:
    file = ROOT / name
    return file.read_text(encoding="utf-8") if file.exists() else ""


if __name__ == "__main__":
    main()

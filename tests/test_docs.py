"""What README.md and `docs/` say is so: commands, links, settings, guarantees, limits of length."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks import chart
from benchmarks.report import rows_in
from tap_intercom.tap import TapIntercom
from tests.sandbox.options import SandboxOptions
from tests.test_sdk_contract import OVERRIDDEN

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
README = PAGES["README.md"]

MAX_LINES = 250
MAX_WORDS = 900
MAX_LINES_BEFORE_OUTPUT = 30
LIMIT_SECONDS = 120

DEMO = "tests/test_demo.py::test_demo_loads_and_cleans_up"
RECEIVER = "tests/webhooks/test_command.py::test_receiver_stores_what_intercom_signed"
SINGER = "tests/test_docs.py::test_commands_without_meltano_load_twice"
DBT = "tests/test_dbt.py::test_package_builds_on_loaded_tables"
FIVETRAN = "tests/test_dbt.py::test_fivetran_package_finds_the_figures"

RUN_BY = {
    "dbt build --select tap_intercom": DBT,
    "dbt source freshness --select source:tap_intercom": (
        "tests/test_dbt.py::test_table_without_new_rows_is_stale"
    ),
    "dbt run --select tap_intercom": FIVETRAN,
    "dbt build --select intercom": FIVETRAN,
    "dbt build": FIVETRAN,
    "meltano run tap-intercom target-postgres": DEMO,
    "python3 dev.py demo": DEMO,
    'echo \'{"access_token": "..."}\' > config.json': SINGER,
    "tap-intercom --config config.json --discover > catalog.json": SINGER,
    "tap-intercom --config config.json --catalog catalog.json --test": SINGER,
    "tap-intercom --config config.json --catalog catalog.json | target-jsonl > states.json": SINGER,
    "tap-intercom --config config.json --catalog catalog.json --state state.json"
    " | target-jsonl > states.json": SINGER,
    "test -s states.json && tail -n 1 states.json > state.json": SINGER,
    "tap-intercom --version": SINGER,
    "tap-intercom --about --format=json": SINGER,
    "python3 dev.py generate": "tests/test_generated.py::test_file_is_up_to_date",
    "python3 dev.py bench --help": "tests/test_docs.py::test_benchmark_names_its_figures",
    "export TAP_INTERCOM_WEBHOOKS_CLIENT_SECRET=...": RECEIVER,
    "export TAP_INTERCOM_WEBHOOKS_DATABASE="
    "sqlite:////var/lib/tap-intercom/notifications.db": RECEIVER,
    "export TAP_INTERCOM_WEBHOOKS_DATABASE=postgresql://user:password@host/database": (
        "tests/webhooks/test_postgres_store.py::test_program_stores_notifications_in_postgres"
    ),
    "tap-intercom-webhooks": RECEIVER,
    "tap-intercom-webhooks prune --older-than 30d": (
        "tests/webhooks/test_command.py::test_prune_deletes_old_notifications"
    ),
    "tap-intercom-webhooks watch -- meltano run tap-intercom--changes target-postgres": DEMO,
    "pip install /path/to/tap-intercom": (
        "tests/test_wheel.py::test_wheel_works_in_fresh_environment"
    ),
}
"""Command -> the test that runs it, or what it starts."""

NOT_RUN = {
    "dbt deps": "downloads packages; the tests link them",
    "pip install 'tap-intercom[webhooks]'": "uv installs the extra for the tests of the receiver",
    "pipx install /path/to/tap-intercom": "installs outside the clone; pip's install is tested",
    "uv tool install /path/to/tap-intercom": "installs outside the clone; pip's install is tested",
    "python3 dev.py bench": "needs half an hour",
    "python3 dev.py mutate --sample 200 --seed 7": "takes an hour",
    "python3 dev.py mutate tap_intercom/sync/prefetch.py --tests tests/test_prefetch.py": (
        "takes minutes"
    ),
    ".venv/bin/pytest tests/guarantees --hypothesis-profile=thorough": "takes an hour",
    (
        ".venv/bin/pytest tests/guarantees/test_schedules.py -n 3 -p no:logging "
        "--hypothesis-profile=schedules"
    ): "needs more than an hour",
    ".venv/bin/pytest tests/test_sync.py": "is part of this run",
    ".venv/bin/ruff check .": "is part of dev.py test",
    ".venv/bin/python -m mypy --strict tap_intercom": "is part of dev.py test",
    "uv run pytest tests/test_sync.py": "builds a second environment for tests of this run",
    ".cache/meltano/bin/meltano run tap-intercom target-jsonl": "needs a token of a workspace",
}
"""Command -> why no test runs it."""

TESTED_PAGES = {
    "docs/meltano.md": "tests/test_meltano.py::test_two_commands_install_from_a_clone",
    "docs/recipes.md": "tests/test_recipes.py::test_exported_lines_are_transcripts",
    "docs/sandbox.md": (
        "tests/sandbox/tests/test_documentation.py::test_commands_print_the_documented_output"
    ),
}
"""Pages whose commands are run from the page itself, and one of the tests that do."""

TARGET = """\
#!/usr/bin/env python3
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "STATE":
        print(json.dumps(message["value"]))
"""
"""A target that writes nothing but states."""


TINY = SandboxOptions(contacts=60, companies=20, conversations=20, tickets=10, export_polls=0)


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[str]:
    """Return the commands in the shell blocks of a page."""
    lines = "\n".join(blocks(text, "sh")).replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_run_or_excused(page: str) -> None:
    tested_pages = PAGES.keys() & TESTED_PAGES.keys()
    tested = {command for name in tested_pages for command in commands(PAGES[name])}
    known = RUN_BY.keys() | NOT_RUN.keys() | tested

    assert [command for command in commands(PAGES[page]) if command not in known] == []


def test_listed_commands_are_documented() -> None:
    pages = [text for page, text in PAGES.items() if page not in TESTED_PAGES]
    documented = {command for text in pages for command in commands(text)}

    assert (RUN_BY.keys() | NOT_RUN.keys()) - documented == set()


@pytest.mark.parametrize("test", sorted({*RUN_BY.values(), *TESTED_PAGES.values()}))
def test_tests_of_commands_exist(test: str) -> None:
    file, name = test.split("::")

    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_links_resolve(page: str) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", PAGES[page])
    broken = [target for target in targets if not resolves(page, target)]

    assert broken == []


def resolves(page: str, target: str) -> bool:
    """Whether a link leads to a file, and to a heading in it; other sites are not asked."""
    if target.startswith("https://"):
        return True
    path, _, anchor = target.partition("#")
    file = (ROOT / page).parent / path if path else ROOT / page
    if not file.exists():
        return False
    return not anchor or anchor in anchors(file.read_text(encoding="utf-8"))


def test_every_page_is_linked() -> None:
    linked = {
        target.partition("#")[0].rpartition("/")[2]
        for text in PAGES.values()
        for target in re.findall(r"\]\(([^)\s]+)\)", text)
    }

    assert {Path(page).name for page in PAGES} - linked == {"README.md"}


def test_readme_is_short() -> None:
    table = re.escape("<!-- generated: streams -->") + ".*?" + re.escape("<!-- /generated -->")
    without_streams = re.sub(table, "", README, flags=re.DOTALL)

    assert len(README.splitlines()) <= MAX_LINES
    assert len(without_streams.split()) <= MAX_WORDS


def test_readme_shows_meltano_output_first() -> None:
    beginning = "\n".join(README.splitlines()[:MAX_LINES_BEFORE_OUTPUT])

    assert blocks(beginning, "sh") == ["meltano run tap-intercom target-postgres\n"]
    assert len(blocks(beginning, "text")) == 1


def test_readme_settings_have_their_defaults() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `?([^|`]+)`? \|", README, re.MULTILINE)
    known = TapIntercom.config_jsonschema["properties"]

    assert len(rows) == 10
    for name, default in rows:
        written = (
            "required"
            if name in TapIntercom.config_jsonschema["required"]
            else known[name].get("default")
        )
        assert default == ("none" if written is None else str(written).lower()), name


def test_guarantees_name_tests_that_exist() -> None:
    rows = re.findall(
        r"^\|.*\| `(test_\w+\.py)::(test_\w+)` \|$", PAGES["docs/guarantees.md"], re.MULTILINE
    )

    assert len(rows) > 30
    for file, name in rows:
        tests = (ROOT / "tests" / "guarantees" / file).read_text(encoding="utf-8")
        assert f"def {name}(" in tests, name


def test_development_names_existing_modules() -> None:
    page = PAGES["docs/development.md"]
    folders = re.findall(
        r"`((?:tap_intercom|tests|schemas|benchmarks|demo|scripts)/[\w/.]*)`", page
    )
    modules = re.findall(r"`((?:streams|sync|api|schema)/\w+)`", page)

    assert folders
    assert [name for name in folders if not (ROOT / name).exists()] == []
    assert modules
    package = ROOT / "tap_intercom"
    assert [name for name in modules if not (package / f"{name}.py").exists()] == []


def test_development_explains_overridden_methods() -> None:
    page = PAGES["docs/development.md"]

    assert [name for name in OVERRIDDEN if f"| `{name}` |" not in page] == []


def test_chart_shows_the_measured_figures() -> None:
    rows = rows_in(PAGES["docs/performance.md"])

    assert chart.CHART.read_text(encoding="utf-8") == chart.chart(rows)


def test_benchmark_names_its_figures() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=LIMIT_SECONDS,
    )

    assert "shared-limit" in done.stdout


@pytest.mark.end_to_end
def test_benchmark_counts_requests() -> None:
    """The other figures need longer, and mostly say how fast this machine is."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "start"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=LIMIT_SECONDS,
    )

    assert done.returncode == 0, done.stderr
    assert "| nothing new: searches per parent stream | 1 | 1 | yes |" in done.stdout


@pytest.mark.end_to_end
@pytest.mark.parametrize("options", [TINY], indirect=True)
def test_commands_without_meltano_load_twice(sandbox: Sandbox, tmp_path: Path) -> None:
    target = tmp_path / "target-jsonl"
    target.write_text(TARGET, encoding="utf-8")
    target.chmod(0o755)
    config = json.dumps({"access_token": sandbox.options.token, "api_url": sandbox.url})
    _install, first, *later = blocks(PAGES["docs/singer.md"], "sh")

    for block in (first.replace('{"access_token": "..."}', config), *later):
        subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", block],
            check=True,
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{tmp_path}:{Path(sys.executable).parent}:{os.defpath}"},
            timeout=LIMIT_SECONDS,
        )

    state = json.loads((tmp_path / "state.json").read_text())
    assert {"contacts", "companies", "conversations", "tickets"} <= state["bookmarks"].keys()

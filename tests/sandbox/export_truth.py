"""The complete truth behind the exports, whatever range of time is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.message_engagement import receipts
from tests.sandbox.generate.reporting import DATASETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.records import Body
    from tests.sandbox.workspace import Workspace


def _receipts(workspace: Workspace) -> list[Body]:
    return receipts(workspace.blueprint, workspace.collections["contacts"].truth)


def _reporting(name: str) -> Callable[[Workspace], list[Body]]:
    dataset = DATASETS[name]

    def rows(workspace: Workspace) -> list[Body]:
        return dataset.rows(workspace.collections[dataset.kind].truth, replied_only=False)

    return rows


EXPORT_TRUTHS: Final = {"message_engagement": _receipts} | {
    f"reporting_{name}": _reporting(name) for name in DATASETS
}
"""Name -> all rows, oldest first: receipts by column, reporting rows by qualified id."""

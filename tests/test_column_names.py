"""Columns have names that are distinct, the same in every run, and no longer than the setting."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_intercom.schema.column_names import PATH_SEPARATOR, ColumnNameError, Naming, warnings

LONG = "What was the main reason for contacting our support team today"


def path(*names: str) -> str:
    return PATH_SEPARATOR.join(names)


def test_names_are_joined_with_separator() -> None:
    naming = Naming(separator=".")

    assert naming.column(path("location", "city")) == "location.city"


def test_long_name_is_cut_with_digest() -> None:
    name = Naming(max_bytes=63).column(path("custom_attributes", LONG))

    assert name == "custom_attributes__What was the main reason for contac_4b484b19"
    assert len(name) == 63


def test_long_names_stay_distinct() -> None:
    naming = Naming(max_bytes=63)
    paths = [path("custom_attributes", f"{LONG} {number}") for number in range(100)]

    names = naming.columns("contacts", paths)

    assert len(set(names.values())) == 100


@given(st.lists(st.text(min_size=1), min_size=2), st.integers(1, 300))
def test_no_flattened_name_is_longer(names: list[str], max_bytes: int) -> None:
    column = Naming(max_bytes=max_bytes).column(path(*names))

    assert len(column.encode(errors="surrogatepass")) <= max_bytes


def test_columns_that_are_not_nested_keep_their_names() -> None:
    assert Naming(max_bytes=5).column("custom_attributes_raw") == "custom_attributes_raw"


def test_columns_of_one_name_are_refused() -> None:
    paths = ["custom_attributes_raw", path("custom_attributes", "raw"), "id"]

    with pytest.raises(ColumnNameError) as refused:
        Naming(separator="_").columns("contacts", paths)

    assert str(refused.value) == (
        "contacts: flattening would make custom_attributes_raw and custom_attributes.raw the "
        "column custom_attributes_raw: change flattening_separator or flattening_max_key_length, "
        "or deselect all but one"
    )


def test_names_longer_than_an_identifier_are_reported() -> None:
    (warning,) = warnings("contacts", ["id", "a" + "é" * 31, "b" + "é" * 32])

    assert re.search(r"contacts: PostgreSQL holds names of 63 bytes, .*: bé{32}\. ", warning)


def test_stream_longer_than_an_identifier_is_reported() -> None:
    stream = f"custom_object_{'x' * 50}"

    (warning,) = warnings(stream, ["id"])

    assert warning.startswith(f"{stream}: PostgreSQL holds names of 63 bytes")


@pytest.mark.parametrize(
    "names", [["Plan", "plan"], ["a b", "a-b"], ["a%", "a"], ["名", "前"], [" a", "A."[:1]]]
)
def test_names_that_targets_merge_are_reported(names: list[str]) -> None:
    (warning,) = warnings("contacts", names)

    assert f"targets that clean names take {names[0]} and {names[1]} for one column" in warning


def test_ordinary_names_are_not_reported() -> None:
    assert list(warnings("contacts", ["id", "custom_attributes__Job Title", "Plan", "plans"])) == []

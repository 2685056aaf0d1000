"""The workspace of each test, and how long hypothesis searches.

`pytest tests/guarantees --hypothesis-profile=thorough` searches for an hour instead of seconds, and
`pytest tests/guarantees/test_schedules.py --hypothesis-profile=schedules` draws 10,000 schedules.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.sandbox.options import SandboxOptions

SMALL = SandboxOptions(contacts=160, companies=120, conversations=60, tickets=40)
"""Some pages of everything, and more than one page of the scroll."""

for name, examples in {"brief": 6, "thorough": 300, "schedules": 3_334}.items():
    settings.register_profile(
        name,
        max_examples=examples,
        deadline=None,
        derandomize=name == "brief",  # so a failure comes from the change, not from the draw
        print_blob=True,
        phases=[phase for phase in Phase if phase is not Phase.shrink or name != "brief"],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Search briefly unless the command line names another profile."""
    if not config.getoption("--hypothesis-profile"):
        settings.load_profile("brief")


@pytest.fixture
def options(request: pytest.FixtureRequest) -> SandboxOptions:
    """Return the test's parameter `options`, or those of a small workspace."""
    return getattr(request, "param", SMALL)

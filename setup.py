"""Name the packages to build; everything else about the build stands in pyproject.toml.

pyproject.toml takes either a search for packages or a list of them. This project needs both: the
packages below `tap_intercom/` are searched for, and `schemas/` ships as `tap_intercom.schemas`.
"""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["tap_intercom*"]), "tap_intercom.schemas"])

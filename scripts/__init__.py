"""Tools for those who maintain the tap; no part of the package."""

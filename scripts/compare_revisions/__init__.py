"""Compares the output of two revisions of the tap on the same data."""

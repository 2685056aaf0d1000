"""Writes what repeats the code, such as the tables in `docs/`; run by `python3 dev.py generate`."""

"""The figures that the README quotes: `python3 dev.py bench`."""

"""The figures of docs/performance.md: `python3 dev.py bench`."""

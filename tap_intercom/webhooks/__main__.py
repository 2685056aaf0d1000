"""Run the receiver as `python -m tap_intercom.webhooks`."""

from __future__ import annotations

from tap_intercom.webhooks.cli import main

main(prog_name="tap-intercom-webhooks")

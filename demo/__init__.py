"""The demo: a local Intercom, Meltano and Postgres, run twice and explained."""

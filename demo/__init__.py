"""The demo: the sandbox, Meltano and Postgres, with two runs that explain themselves."""

"""Makes up a workspace from a seed, in the shapes of OpenAPI 2.16."""

"""The endpoints of the API; `routes` has all of them."""

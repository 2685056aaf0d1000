"""Singer tap for Intercom.

A record's way through the packages, from the request to the message:

    streams/conversations -> sync/search_stream -> sync/search_windows -> api/search
    -> api/client -> api/transport

and back:

    api/response -> sync/parent_child_sync -> sync/child_stream -> schema/normalize -> sync/writer

Each package imports only those to its right:

    tap, cli | configured_tap | custom, webhooks | streams | sync | schema | api | settings,
    api_version, errors, timestamps, spelling, compat, distribution
"""

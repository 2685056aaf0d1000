"""Webhooks: a receiver of Intercom's notifications, its store, and what the tap reads from it.

receiver -> committer -> store: Intercom posts a notification, and gets its answer once that is
committed. store -> reader -> sync, store -> notification_streams: the tap reads every notification
that the position in its state lacks.
"""

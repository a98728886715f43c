"""What keeps a store from being worked on."""

__all__ = ["StoreError"]


class StoreError(Exception):
    """A store cannot be opened, read or written; the message is for the user."""

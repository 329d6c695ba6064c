"""The ``trinity`` command."""

"""``python -m trinity`` is the ``trinity`` command."""

from trinity.cli import main

main()

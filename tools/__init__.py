"""Audits and trials of the project itself, run from a checkout."""

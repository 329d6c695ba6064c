"""Scales and stages: what is computed, in which order, and when it is stale."""

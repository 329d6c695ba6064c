"""Measured cone tests: the project's own, their noise, and the tables and curves of others."""

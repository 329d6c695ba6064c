"""Figures of the book."""

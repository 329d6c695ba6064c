"""Answers of the finetuned ensemble, for one polymer or a table."""

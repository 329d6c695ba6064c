"""The chemical language model and its two phases."""

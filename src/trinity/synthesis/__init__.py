"""Hypothetical polymers and their simulated fire tests."""

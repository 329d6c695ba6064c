"""Synthesis: hypothetical polymers and their simulated fire tests."""

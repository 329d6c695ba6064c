"""Two-phase, physics-informed learning of polymer flammability from scarce cone tests."""

__version__ = "0.1.0"

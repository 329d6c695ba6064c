"""Two-phase, physics-informed learning of polymer flammability from scarce cone-calorimeter data."""

__version__ = "0.1.0"

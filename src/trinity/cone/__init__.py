"""A burning slab in a cone calorimeter: one-dimensional pyrolysis, ignition, heat release."""

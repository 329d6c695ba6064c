"""Material properties from a repeat unit, by group contribution."""

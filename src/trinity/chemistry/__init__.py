"""Chemistry: from a repeat unit to material properties, by group contribution."""

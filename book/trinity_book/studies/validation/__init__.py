"""The physics and chemistry beside reference solutions and measurements."""

"""Numbers of the small models that the tests of predictions share."""

NUMBERS = {
    "members": 2, "mode": "kernel",
    "learning_rate": 1e-3, "backbone_rate": 0.3, "pull": 0.03, "steps": 5,
}  # fmt: skip

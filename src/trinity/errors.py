"""The one error type that reaches a user."""


class InputError(ValueError):
    """Input that cannot be used; its message is one sentence: what is wrong, where, what is right."""

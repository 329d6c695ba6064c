"""The one error type that reaches a user."""


class InputError(ValueError):
    """Unusable input; its message is one sentence that says what, where and what is right."""

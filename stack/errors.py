"""What the stack tells a person when it cannot go on."""


class StackError(Exception):
    """Something is in the way. The message says what happened and what to do about it."""

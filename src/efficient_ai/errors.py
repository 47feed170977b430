"""The errors that a user can mend; the command line shows them as one line and ends with exit code 2."""


class EfficientAIError(Exception):
    """Says in one line what was given, what was expected, and what to do next."""


class DataUnavailable(EfficientAIError):
    """No source answered, or what it gave was not the data that was asked for."""


class BadModel(EfficientAIError):
    """A model file that cannot be read, or a model that a function cannot treat."""


class EngineMissing(EfficientAIError):
    """An inference engine that is not installed here; the message names the command that installs it."""

"""Exceptions a handler raises to say how its task failed."""


class TaskError(Exception):
    """A failure with a type that retry policies and people can recognise.

    `details` is any JSON value; `retry_after` is a duration such as "30s" that
    overrides the delay of the task's retry policy.
    """

    retryable = True

    def __init__(self, message, type=None, details=None, retry_after=None):
        super().__init__(message)
        self.type = type or self.__class__.__name__
        self.details = details
        self.retry_after = retry_after


class RetryableError(TaskError):
    """Another attempt may succeed."""


class FinalError(TaskError):
    """No further attempt would help."""

    retryable = False


class TaskCancelled(Exception):
    """Raised by Task.raise_if_cancelled(); let it pass."""

"""The task this process executes, for functions that get only their arguments."""

task = None


def current():
    """The Task: its scratch_dir, base_dir, attempt and the rest."""
    if task is None:
        raise RuntimeError("no task is being executed in this process")
    return task


def progress(fraction, message=""):
    """Shows people how far it is, from 0 to 1."""
    current().progress(fraction, message)


def heartbeat(details=None):
    """Shows life to heartbeat_timeout; keeps `details` for the next attempt."""
    current().heartbeat(details)


def save(name, value):
    """Keeps a value until the task has succeeded."""
    current().save(name, value)


def load(name, default=None):
    """What this or an earlier attempt saved under the name."""
    return current().load(name, default)


def sign_url(result, lifetime="1h"):
    """A URL from which any program can read an upstream result that is in object
    storage, as it is stored, while it lasts."""
    return current().sign_url(result, lifetime)


def traceparent():
    """The W3C traceparent of this execution, for the headers of what it calls;
    "" where its run is part of no trace."""
    return current().traceparent


def cancelled():
    """Whether to stop: return soon, or be killed after the grace period."""
    return current().cancelled()


def log(message, level="info"):
    """level: trace, debug, info, warn or error."""
    current().log(message, level)

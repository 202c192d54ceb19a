"""Errors that are the user's to fix: one clear sentence that names the fix, no traceback."""


class UserError(Exception):
    """Bad input or an environment that cannot run; the message names the fix."""


class DataError(UserError):
    """A data file or a dataset setting that cannot be used."""


class ConfigError(UserError):
    """A setting, or a combination of settings, that cannot run."""

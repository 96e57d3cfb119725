"""Every error that ReelFeel raises on purpose.

    ReelFeelError                exit code 1   something failed that is not the caller's input
    ├── UsageError               exit code 2   a command, option, setting or argument is wrong
    │   ├── ConfigError                        a configuration file or --set value
    │   └── MissingExtraError                  a part of ReelFeel that is not installed
    ├── DataError                exit code 3   the data is refused
    │   ├── SchemaError                        a column, label or file layout is not as expected
    │   └── ArchiveError                       an archive is damaged, incomplete or hostile
    ├── BundleError              exit code 1   a saved model is damaged, foreign or too new
    ├── NotLearningError         exit code 1   the alarm stopped a training run
    └── GateError                exit code 4   a quality gate was not met

A message says what happened, what was expected and how to mend it, and ends with what was received.
"""


class ReelFeelError(Exception):
    """Base of all errors raised on purpose; the command line prints it without a traceback."""

    exit_code = 1


class UsageError(ReelFeelError, ValueError):
    """A command, option, setting or argument is wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file or a `--set` value is wrong."""


class MissingExtraError(UsageError, ImportError):
    """A part of ReelFeel is asked for whose packages are not installed."""


class DataError(ReelFeelError, ValueError):
    """The data is refused."""

    exit_code = 3


class SchemaError(DataError):
    """A column, a label or the layout of a file is not as expected."""


class ArchiveError(DataError):
    """An archive is damaged, incomplete or tries to write outside its folder."""


class BundleError(ReelFeelError):
    """A saved model is damaged, foreign or of a newer format."""


class NotLearningError(ReelFeelError):
    """The not-learning alarm stopped a training run."""


class GateError(ReelFeelError):
    """A quality gate was not met."""

    exit_code = 4

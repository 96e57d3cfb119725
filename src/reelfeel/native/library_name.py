"""The file name of the compiled library on each system.

The build runs this file by its path, where nothing is installed yet: it must import nothing.
"""


def library_name(system: str) -> str:
    """Returns the name of the file.

    Args:
        system: as `sys.platform` names it.

    Example:

    >>> library_name("linux"), library_name("darwin"), library_name("win32")
    ('libreelfeel.so', 'libreelfeel.dylib', 'reelfeel.dll')
    """
    return {"darwin": "libreelfeel.dylib", "win32": "reelfeel.dll"}.get(system, "libreelfeel.so")

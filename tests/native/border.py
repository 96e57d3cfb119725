"""What the tests of the border to the compiled library share: its words for an outcome."""

import ctypes

from reelfeel.native.library import load_library

INT32, INT64 = 2**31 - 1, 2**63 - 1
# Stands where nothing may be written.
GUARD = -77
# What each outcome of src/common/outcome.hpp means, as the library says it.
MEMORY = "there is not enough memory"
ADDRESS = "an array is missing"
SIZE = "a size or a setting is out of its range"
OFFSETS = "the texts do not lie one after the other in their array"
ID = "an id is not a row of its table"
LENGTH = "the length of a row is not one of its steps"
BUFFER = "an array is too small for what it has to hold"
EARLY = "the page of the ASCII characters is not defined yet"


def reason(outcome):
    """Returns what a function of the library says that it returned; None where it did its work."""
    if outcome == 0:
        return None
    library = load_library()
    library.reelfeel_explain.restype = ctypes.c_char_p
    return library.reelfeel_explain(outcome).decode()


def address(array):
    """Returns where an array lies, as an argument."""
    return ctypes.c_void_p(array.ctypes.data)

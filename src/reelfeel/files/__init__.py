"""Files: where they are kept, how they are written whole, and what may be read or replaced."""

"""The same engine over files."""

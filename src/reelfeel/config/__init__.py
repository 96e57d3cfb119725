"""Settings as validated data: sections, presets, and how they are written."""

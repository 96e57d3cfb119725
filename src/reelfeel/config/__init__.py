"""Settings as data: sections, presets and how they are written; validated, no behaviour."""

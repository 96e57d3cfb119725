"""Training of a language model: its texts, its losses, its folder."""

"""A model's answers as columns beside the texts, in frames of any kind."""

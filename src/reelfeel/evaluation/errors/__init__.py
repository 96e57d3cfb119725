"""A model's most confident misclassifications, and what they have in common."""

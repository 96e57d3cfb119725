"""Commands about a saved model."""

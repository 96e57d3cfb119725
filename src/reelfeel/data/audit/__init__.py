"""What is wrong with reviews before a model learns them."""

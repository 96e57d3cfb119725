"""From a string to numbers, the same in training and serving."""

"""Converts texts to token ids, the same in training and prediction."""

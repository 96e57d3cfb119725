"""Perturbed texts and texts from templates, and scores on them; knows no model."""

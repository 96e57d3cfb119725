"""Damaged and made-up texts, and what a classifier makes of them; knows no model."""

"""Audits reviews before training."""

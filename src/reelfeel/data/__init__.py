"""Loads, cleans, splits and audits reviews."""

"""Readers of one format each: from a file's content to named columns and a summary."""

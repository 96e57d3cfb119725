"""Reads and writes files safely: locations, whole writes, limits, ownership."""

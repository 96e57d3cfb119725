"""Reviews and a config in, a bundle out."""

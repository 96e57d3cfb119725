"""From the outside world to clean, split reviews."""

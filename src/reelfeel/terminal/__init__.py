"""What goes to a terminal: every text of a user through one place that makes it harmless."""

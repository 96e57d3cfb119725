"""The training loop: steps, checkpoints, processes and progress of any task."""

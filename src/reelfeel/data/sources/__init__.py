"""Opens sources on disk within limits: files, folders, archives, compressed files."""

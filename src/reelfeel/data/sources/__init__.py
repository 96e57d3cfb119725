"""What a source is on disk: files, folders, archives, packed files; counted and bounded."""

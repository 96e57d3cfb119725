"""One reader for each format: a file's content in, named columns and a log of what was left out."""

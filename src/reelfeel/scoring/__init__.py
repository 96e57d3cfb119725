"""Files of any size scored row by row: read in shards, answered, written, resumed."""

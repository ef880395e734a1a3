"""Pure functions, one kind of output each: definitions in, data out."""

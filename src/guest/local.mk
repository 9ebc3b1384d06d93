# The guest helper: the only program with libguestfs.

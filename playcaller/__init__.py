"""The front door: the command line, and the whole ring in one process."""

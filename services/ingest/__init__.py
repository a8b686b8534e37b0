"""The door: takes what marketing tools send, verifies it, and puts events on the log."""

"""The facts of the ring: what happened, in our words, and nothing that does anything."""

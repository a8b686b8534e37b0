"""The heart: who deserves a salesperson now, why, by which play, and whose turn it is."""

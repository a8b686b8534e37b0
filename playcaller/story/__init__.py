"""A short story: what a morning's webhooks look like, in the vendors' own shapes, and what becomes of them."""

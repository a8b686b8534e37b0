"""One service in a process of its own: `playcaller ingest`, `router` or `notifier`."""

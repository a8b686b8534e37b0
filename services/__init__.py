"""The three houses on one carriageway: ingest, router, notifier. They never import each other."""

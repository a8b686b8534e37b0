"""The door's metrics, in one list, each with a sentence."""

from runtime.metrics import counter, gauge

ACCEPTED = counter("ingest_accepted", "Webhooks answered 2xx: their events are durable.", ["source"])
REFUSED = counter("ingest_refused", "Webhooks refused, by source and reason.", ["source", "reason"])
EVENTS = counter("ingest_events", "Events put on the log, by source and type.", ["source", "type"])
MARKED = counter("ingest_marked", "Events marked as machine traffic at the door.", ["source", "mark"])
DEAD = counter("ingest_not_understood", "Verified webhooks kept as dead letters, by source.", ["source"])
SPOOLED = counter("ingest_spooled", "Webhooks kept on local disk because the log was away.", ["source"])
SPOOL_BYTES = gauge("ingest_spool_bytes", "What waits on local disk for the log to come back.")
SPOOL_CORRUPT = counter("ingest_spool_corrupt", "Spooled entries that could not be read and were put aside.")
FILES_ERASED = counter("ingest_files_erased", "Uploaded files deleted because their person asked to be forgotten.")

METRICS = (ACCEPTED, REFUSED, EVENTS, MARKED, DEAD, SPOOLED, SPOOL_BYTES, SPOOL_CORRUPT, FILES_ERASED)

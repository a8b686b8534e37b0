"""The router's metrics, each with a sentence."""

from runtime.metrics import MINUTES_TO_WEEKS, counter, gauge, histogram

VERDICTS = counter("verdicts", "Events judged, by outcome.", ["outcome"])
DUPLICATES = counter("duplicates", "Redelivered events that were recognised and had no effect.")
DEAD_LETTERS = counter("router_dead_letters", "Facts the router could not decide, by reason.", ["reason"])
BATCH_RETRIES = counter("router_crossed", "Batches taken anew because another transaction was in the way.")
PARKED = gauge("parked_sources", "Sources that are parked: look at the dead letters, mend, then drive them again.")
OFFERED = counter("handoffs_offered", "Handoffs offered to a rep, by team.", ["team"])
OFFER_SECONDS = histogram("offer_seconds", "From the door's receipt of the event to the offer.")
LAG_SECONDS = histogram(
    "handoff_lag_seconds", "From readiness to the first offer, by rule.", ["rule"], buckets=MINUTES_TO_WEEKS
)
TOO_LATE = counter(
    "handoffs_too_late", "Handed off when half of the window of opportunity, or more, was gone, by rule.", ["rule"]
)
TOO_EARLY = counter("handoffs_too_early", "Rejected by sales as not ready, by rule.", ["rule"])
QUEUED = gauge("handoffs_queued", "Handoffs that wait for a rep to be drawn.")
TIMERS_FIRED = counter("timers_fired", "Deadlines that came, by kind.", ["kind"])
ERASURES = counter("erasures", "People who were forgotten on request.")
PLAYBOOK_REFUSED = gauge(
    "playbook_refused", "1 while the playbook's files hold faults and the last good version decides."
)

METRICS = (
    VERDICTS,
    DUPLICATES,
    DEAD_LETTERS,
    BATCH_RETRIES,
    PARKED,
    OFFERED,
    OFFER_SECONDS,
    LAG_SECONDS,
    TOO_LATE,
    TOO_EARLY,
    QUEUED,
    TIMERS_FIRED,
    ERASURES,
    PLAYBOOK_REFUSED,
)

"""The messenger's metrics, in one list, each with a sentence."""

from runtime.metrics import counter, gauge, histogram

SENT = counter("notifier_attempts", "Calls that show a card, by channel and outcome.", ["channel", "outcome"])
SEND_SECONDS = histogram("notifier_send_seconds", "How long one call of a provider took, by channel.", ["channel"])
SETTLED = counter("notifier_deliveries", "Messages that came to an end, by channel and state.", ["channel", "state"])
REACTED = counter("notifier_reactions", "What people did on cards, by door and action.", ["via", "action"])
REFUSED = counter("notifier_refused", "Reactions that were refused, by door and reason.", ["via", "reason"])
PAUSED = gauge("notifier_channel_paused", "1 while a channel is left alone because it is in trouble.", ["channel"])
IGNORED = counter("notifier_ignored", "Commands without effect, by reason: stale, erased or repeated.", ["reason"])

METRICS = (SENT, SEND_SECONDS, SETTLED, REACTED, REFUSED, PAUSED, IGNORED)

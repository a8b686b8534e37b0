"""Why the door refused a webhook: a closed list, counted one by one."""

from enum import StrEnum


class Refusal(StrEnum):
    """The reason as it stands in metrics, logs and the problem's `type`."""

    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_WRONG = "signature_wrong"
    TIMESTAMP_MALFORMED = "timestamp_malformed"
    TIMESTAMP_STALE = "timestamp_stale"
    CREDENTIAL_MISSING = "credential_missing"
    CREDENTIAL_WRONG = "credential_wrong"
    ORIGIN_REFUSED = "origin_refused"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    MEDIA_TYPE = "media_type"
    METHOD = "method"
    UNKNOWN_SOURCE = "unknown_source"
    UNKNOWN_PATH = "unknown_path"
    UNKNOWN_EVENT = "unknown_event"
    SOURCE_OFF = "source_off"
    LOG_UNAVAILABLE = "log_unavailable"
    SLOW = "slow"

"""The closed lists a rep chooses from, in the words that stand on every channel's form."""

from schemas.feedback import AttemptResult, HandoffOutcome, RejectReason

REJECT = {
    "The lead is bad": {
        RejectReason.NOT_A_FIT: "Not a fit",
        RejectReason.BAD_DATA: "Wrong or fake data",
        RejectReason.COMPETITOR_OR_STUDENT: "Competitor, student or job seeker",
        RejectReason.NOT_READY: "Not ready yet",
    },
    "The play failed": {
        RejectReason.NO_ANSWER: "Tried, no answer",
        RejectReason.PLAY_DID_NOT_FIT: "The play did not fit",
    },
    "I am the wrong person": {
        RejectReason.WRONG_REP: "Somebody else should take it",
        RejectReason.NO_CAPACITY: "No capacity now",
    },
}
"""Grouped so that a bad lead, a play that failed and the wrong person for it stay apart."""
REJECT_WORDS = {reason: words for group in REJECT.values() for reason, words in group.items()}
GIVES_BACK = frozenset({RejectReason.NOT_READY, RejectReason.NO_ANSWER})
"""The reasons that send a lead back to nurture: with one of them goes a day on which to see it again."""
AGAIN = "See them again on"
AGAIN_HINT = "If they are not ready, or could not be reached: on that day they come back to you."

ATTEMPT = {
    AttemptResult.REACHED: "Reached them",
    AttemptResult.NO_ANSWER: "No answer",
    AttemptResult.VOICEMAIL: "Left a voicemail",
    AttemptResult.EMAIL_SENT: "Sent an email",
    AttemptResult.WRONG_NUMBER: "Wrong number",
}

OUTCOME = {
    HandoffOutcome.QUALIFIED: "Qualified: sales takes it on",
    HandoffOutcome.CONVERTED: "Converted: a deal is made",
    HandoffOutcome.RECYCLED: "Not now: back to nurture",
    HandoffOutcome.DISQUALIFIED: "Never: disqualified",
}
SNOOZE = {"30m": "30 minutes", "2h": "2 hours", "tomorrow": "Tomorrow, 9:00"}
STARS = {"5": "5: spot on", "4": "4", "3": "3", "2": "2", "1": "1: useless"}
TRIAGE = {"pass": "Pass to sales", "nurture": "Nurture", "disqualify": "Disqualify"}
NOTE_LIMIT = 1_000
"""Characters of a rep's note."""

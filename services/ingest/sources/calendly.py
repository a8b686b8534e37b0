"""Calendly: meetings booked, canceled, and routing forms filled in."""

from datetime import timedelta

from schemas.event import EventType
from schemas.lead import Field
from services.ingest.signatures import StampedHmac
from services.ingest.source import Source
from services.ingest.table import Answers, Table

# https://developer.calendly.com/api-docs/ZG9jOjM2MzE2MDM4-webhook-signatures
SIGNATURE = StampedHmac(header="Calendly-Webhook-Signature", tolerance=180)

# https://developer.calendly.com/api-docs/c1ddc06ce1f1b-webhook-payload
TABLE = Table(
    kind="event",
    kinds={
        "invitee.created": EventType.MEETING_BOOKED,
        "invitee.canceled": EventType.MEETING_CANCELED,
        "routing_form_submission.created": EventType.FORM_SUBMITTED,
        "invitee_no_show.created": EventType.TRACKED,
        "invitee_no_show.deleted": EventType.TRACKED,
    },
    identity=("event", "payload.uri"),
    occurred_at=("created_at", "payload.created_at"),
    name=("payload.scheduled_event.name",),
    attested={Field.OWNER: "payload.scheduled_event.event_memberships.0.user_email"},
    claimed={
        "email": "payload.email",
        "phone": "payload.text_reminder_number",
        Field.FULL_NAME: "payload.name",
        Field.FIRST_NAME: "payload.first_name",
        Field.LAST_NAME: "payload.last_name",
        Field.TIME_ZONE: "payload.timezone",
    },
    properties={
        "meeting": "payload.scheduled_event.uri",
        "meeting_start": "payload.scheduled_event.start_time",
        "meeting_end": "payload.scheduled_event.end_time",
        "meeting_type": "payload.scheduled_event.event_type",
        "form_id": "payload.routing_form",
        "rescheduled": "payload.rescheduled",
        "reason": "payload.cancellation.reason",
        "result": "payload.result.type",
    },
    counts={"form_fields": "payload.questions_and_answers"},
    utm="payload.tracking",
    answers=(Answers(each="payload.questions_and_answers", question="question", value="answer"),),
)

SOURCE = Source(
    name="calendly",
    title="Calendly",
    docs=("https://developer.calendly.com/api-docs/4b402d5ab3edd-calendly-developer",),
    attested="That a meeting was booked or canceled, which one, when it is, and with whom of ours.",
    claimed="Who the invitee says they are and what they answered: anybody can book with any address.",
    identified_by="The event's kind and the invitee's (or the submission's) uri.",
    verification=SIGNATURE,
    read=TABLE.read,
    retries_for=timedelta(hours=24),
)

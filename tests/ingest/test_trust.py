"""Who vouches for what (E12): a system's own record is attested, what anybody typed is claimed, in the same webhook."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from schemas.event import Event, EventType, IdentifierKind
from schemas.fact import Trust
from services.ingest.reading import events_from, source_named
from services.ingest.sample import samples
from services.ingest.verification import Verified
from services.ingest.webhook import Webhook

NOW = datetime(2026, 1, 5, 10, 5, tzinfo=UTC)


def read(source: str, name: str) -> Event:
    (found,) = [one for one in samples(source) if one.file.name == name]
    (event,) = events_from(source, found.body, {"content-type": found.media_type}, NOW, path=found.path)
    return event


def trusts(event: Event) -> dict[str, Trust]:
    return {claim.field: claim.trust for claim in event.claims}


def changed(source: str, name: str, change: Any) -> Event:
    (found,) = [one for one in samples(source) if one.file.name == name]
    payload = msgspec.json.decode(found.body)
    change(payload)
    (event,) = events_from(source, msgspec.json.encode(payload), {}, NOW, path=found.path)
    return event


def test_hubspot_attests_what_the_crm_wrote_and_claims_what_a_form_wrote() -> None:
    said = trusts(read("hubspot", "form.json"))

    assert said["title"] is Trust.ATTESTED
    assert said["first_name"] is Trust.CLAIMED
    assert said["budget"] is Trust.CLAIMED


def test_a_crm_record_without_a_history_is_the_crms_own() -> None:
    event = read("hubspot", "record.json")

    assert {one.trust for one in event.identifiers} == {Trust.ATTESTED}
    assert event.type is EventType.PROFILE_STATED


def test_calendly_attests_the_booking_and_claims_the_invitee() -> None:
    event = read("calendly", "booked.json")

    assert trusts(event)["owner"] is Trust.ATTESTED
    assert {one.trust for one in event.identifiers} == {Trust.CLAIMED}
    assert event.type is EventType.MEETING_BOOKED


def test_everything_in_a_typeform_is_claimed() -> None:
    event = read("typeform", "demo.json")

    assert {*trusts(event).values(), *(one.trust for one in event.identifiers)} == {Trust.CLAIMED}


def test_everything_in_analytics_is_claimed() -> None:
    event = read("segment", "identify.ada.json")

    assert {*trusts(event).values(), *(one.trust for one in event.identifiers)} == {Trust.CLAIMED}


def test_sales_attests_everything() -> None:
    event = read("sales", "trade_fair.json")

    assert {*trusts(event).values(), *(one.trust for one in event.identifiers)} == {Trust.ATTESTED}
    assert event.type is EventType.LEAD_BROUGHT


def test_no_questionnaire_may_name_an_owner() -> None:
    def add(payload: Any) -> None:
        payload["payload"]["questions_and_answers"].append({"question": "owner", "answer": "me@rival.example"})

    event = changed("calendly", "booked.json", add)

    assert [claim.value for claim in event.claims if claim.field == "owner"] == ["grace@acme-vendor.example"]
    assert trusts(event)["custom_owner"] is Trust.CLAIMED


def test_a_rep_who_names_nobody_else_owns_the_lead() -> None:
    body = next(one.body for one in samples("sales") if one.file.name == "trade_fair.json")
    webhook = Webhook(received_at=NOW, body=body, content=body)
    (draft,) = source_named("sales").read(webhook, Verified(actor="grace"))

    assert ("owner", "grace") in [(claim.field, claim.value) for claim in draft.claims]
    assert draft.properties["brought_by"] == "grace"


def test_typeform_understands_questions_by_their_reference_or_their_words() -> None:
    said = {claim.field: claim.value for claim in read("typeform", "demo.json").claims}

    assert said == {
        "title": "Vice President, Sales",
        "company": "Acme Engines",
        "budget": "yes",
        "time_frame": "this_quarter",
        "contact_way": "phone",
        "consultation": "yes",
        "product": "Difference engine, Punch cards",
    }


def test_hubspot_takes_the_newest_submission_and_its_own_id() -> None:
    event = read("hubspot", "form.json")

    assert event.name == "Ask for a quote"
    assert event.properties["path"] == "/pricing"


def test_a_crm_contact_keeps_one_identity_over_notifications_and_forms() -> None:
    found = next(one for one in samples("hubspot") if one.file.name == "notifications.json")
    notified = events_from("hubspot", found.body, {}, NOW)[0]
    shared = {one.value for one in notified.identifiers} & {
        one.value for one in read("hubspot", "form.json").identifiers
    }

    assert shared == {"hubspot:440021:5511"}


def test_an_unknown_notification_is_an_event_with_its_own_word() -> None:
    found = next(one for one in samples("hubspot") if one.file.name == "notifications.json")
    event = events_from("hubspot", found.body, {}, NOW)[2]

    assert (event.type, event.name) == (EventType.UNKNOWN, "deal.creation")
    assert all(one.kind is not IdentifierKind.COOKIE for one in event.identifiers)


def test_a_generic_sender_cannot_take_anything_back() -> None:
    for word in ("retracted", "lead.brought", "lead_brought"):
        (event,) = events_from("standard_webhooks", msgspec.json.encode({"type": word, "data": {}}), {}, NOW)

        assert event.type is EventType.UNKNOWN

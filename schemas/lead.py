"""The words that describe a lead: the fields of a profile, the lifecycle stages, the four priorities."""

from enum import StrEnum


class Field(StrEnum):
    """What can be known of a lead. Sources map their own names to these; a custom field keeps its own name."""

    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    FULL_NAME = "full_name"
    TITLE = "title"
    COMPANY = "company"
    WEBSITE = "website"
    COUNTRY = "country"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    EMPLOYEES = "employees"
    INDUSTRY = "industry"
    PRODUCT = "product"
    BUDGET = "budget"
    """Is a budget approved? `yes`, `no`, or absent."""
    TIME_FRAME = "time_frame"
    """When will they decide? `now`, `this_quarter`, `this_year`, `later`, or absent."""
    CONTACT_WAY = "contact_way"
    """How do they like to be contacted? `phone`, `email`, `chat`, or absent."""
    CONSULTATION = "consultation"
    """Did they ask to talk to somebody? `yes`, `no`, or absent."""
    CONSENT = "consent"
    MESSAGE = "message"
    OWNER = "owner"
    """The rep (by the playbook's id or email) to whom a system says this lead belongs."""


class LifecycleStage(StrEnum):
    """How far the lead has come, in the field's standard words."""

    SUBSCRIBER = "subscriber"
    LEAD = "lead"
    MQL = "mql"
    SAL = "sal"
    SQL = "sql"
    OPPORTUNITY = "opportunity"
    CUSTOMER = "customer"


class Priority(StrEnum):
    """Fit × engagement: A is called first."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"

"""Every kind of fault that an edit of the straw man can make, and what is said about it."""

from typing import NamedTuple


class Case(NamedTuple):
    """An edit of one page, and the fault that it makes."""

    file: str
    old: str
    new: str
    said: str
    suggestion: str


FAULTS = [
    Case(*each)
    for each in (
        # (file, what stands there, what is written instead, what is said, suggestion)
        (
            "scoring.yaml",
            "half_life_days: 30",
            "halflife_days: 30",
            "“halflife_days” is not known here",
            "half_life_days",
        ),
        ("scoring.yaml", "points: 10", "points: ten", "“points” must be a number", ""),
        ("scoring.yaml", "points: 10", "points: 10.0001", "“points”: Decimal input should have no more than 3", ""),
        ("scoring.yaml", "threshold: 100", "threshold: 0", "a threshold is more than 0", ""),
        ("scoring.yaml", "cap: 40", "cap: -40", "a cap is more than 0", ""),
        ("scoring.yaml", "group: website", "group: web_site", "there is no group “web_site”", "website"),
        ("scoring.yaml", "repeat: once_a_day", "repeat: once_daily", "“once_daily” is not one of", "once_a_day"),
        ("scoring.yaml", "half_life_days: 14", "half_life_days: 14\n    window_days: 7", "never both", ""),
        ("scoring.yaml", "window_days: 60", "window_days: 600", "counts are kept for 365 days", ""),
        ("scoring.yaml", "event.type: page_viewed", "event.path: /", "name the `event.type`", ""),
        ("scoring.yaml", "event.type: page_viewed", "event.type: page_veiwed", "is never “page_veiwed”", "page_viewed"),
        ("scoring.yaml", "event.type: page_viewed", "event.type: lead_brought", "the origin of a lead never earns", ""),
        ("scoring.yaml", "event.type: page_viewed", "event.type: profile_stated", "is no act of the lead", ""),
        (
            "scoring.yaml",
            "event.path: {starts_with: [/pricing",
            "event.source: {is: [/pricing",
            "the origin of a lead",
            "",
        ),
        ("scoring.yaml", "fit_bands: [30, 60, 100]", "fit_bands: [30, 30, 100]", "rising points", ""),
        ("scoring.yaml", "    fit_1: [D, D, C, B]\n", "", "the row “fit_1” is missing", ""),
        ("scoring.yaml", "fit_1: [D, D, C, B]", "fit_1: [D, D, C, E]", "“E” is not one of A, B, C, D", ""),
        ("scoring.yaml", "  c_level:", "  website_visit:", "is a signal as well", ""),
        ("readiness.yaml", "lead.budget: yes", "lead.budget: sure", "“lead.budget” is never “sure”", ""),
        ("readiness.yaml", "lead.time_frame: [now", "lead.timeframe: [now", "is not known", "lead.time_frame"),
        (
            "readiness.yaml",
            "count: [whitepaper_d",
            "count: [whitepapers_d",
            "there is no signal",
            "whitepaper_downloaded",
        ),
        (
            "readiness.yaml",
            "    ask: What is your role",
            "    aks: What is your role",
            "“aks” is not known here",
            "ask",
        ),
        ("stages.yaml", "always: yes", "known: lead.email", "the last stage is everybody's", ""),
        ("stages.yaml", "name: evaluation", "name: decision", "stands here twice", ""),
        ("routing.yaml", "team: enterprise", "team: enterprize", "there is no team “enterprize”", "enterprise"),
        ("routing.yaml", "always: yes", "lead.known: yes", "the last routing rule is for everybody", ""),
        ("nurture.yaml", "always: yes", "lead.known: yes", "the last track is everybody's", ""),
        ("playbook.yaml", "last_resort: dana ", "last_resort: dan ", "there is no rep “dan”", "dana"),
        ("playbook.yaml", "window: 10 minutes", "window: ten minutes", "write a duration as", ""),
        ("playbook.yaml", "window: 10 minutes", "window: 99999 days", "longer than ten years", ""),
        ("playbook.yaml", "company: Brightwater", "company: '{{ x }}'", "cannot be templates themselves", ""),
        ("playbook.yaml", "title: The", "titel: The", "“titel” is not known here", "title"),
        ("domains.yaml", "- gmail.com", "- gmail", "“gmail” is no domain", ""),
        ("domains.yaml", "acme-labs.example: acme.example", "acme-labs.example: nothing", "an alias is written as", ""),
        ("rules/consultation.yaml", "event.consultation: yes", "lead.title: x", "nothing stands in the way", ""),
        (
            "rules/target_responds.yaml",
            "    - page_viewed",
            "    - email_opened",
            "“email_opened” is no human response",
            "",
        ),
        ("rules/target_responds.yaml", "  account.is_target: yes\n", "", "this rule is about named accounts", ""),
        ("rules/sql_criteria.yaml", "checklist: sql", "checklist: mql", "what was agreed on and nothing else", ""),
        ("rules/score_threshold.yaml", "threshold: reached", "always: yes", "what was agreed on and nothing else", ""),
        ("personas/outsider.yaml", "order: 20", "order: 30", "the order 30 is economic_buyer's", ""),
        ("personas/outsider.yaml", "lead.title:", "lead.persona:", "a persona is told by", ""),
        ("plays/threshold.yaml", "triggers: score_threshold", "triggers: score", "“score” is not one of", ""),
        (
            "plays/assistant.yaml",
            "personas: executive_assistant",
            "personas: assistant",
            "there is no persona",
            "executive_assistant",
        ),
        ("plays/executive_case_study.yaml", "[evaluation, decision]", "[evalution]", "there is no stage", "evaluation"),
        (
            "plays/fallback.yaml",
            "fallback: yes\n",
            "fallback: yes\nfor:\n  phone: yes\n",
            "the fallback is for everybody",
            "",
        ),
        ("plays/threshold.yaml", "{{ first_name }}", "{{ firstname }}", "no value “firstname”", "first_name"),
        ("plays/threshold.yaml", "{{ our.company }}", "{{ our.compny }}", "has no “compny” under `our`", "our.company"),
        ("plays/threshold.yaml", "{{ first_name }}", "{{ 9 ** 9 }}", "nothing more: this is a pow", ""),
        ("plays/threshold.yaml", "{{ first_name }}", "{% for x in name %}{% endfor %}", "this is a for", ""),
        ("plays/threshold.yaml", "{{ first_name }}", "{{ name.__class__ }}", "this is a getattr", ""),
        ("plays/threshold.yaml", "{{ first_name }}", "{{ name | upper }}", "this is a filter", ""),
        ("plays/threshold.yaml", "{{ first_name }}", "{{ first_name", "this template is broken", ""),
        (
            "plays/threshold.yaml",
            "{number: 6, within: 8 days}",
            "{number: 0, within: 8 days}",
            "greater than or equal to 1",
            "",
        ),
        ("plays/threshold.yaml", "https://brightwater", "ftp://brightwater", "starts with https://", ""),
        ("plays/threshold.yaml", "tone: Interested, honest, quick to let go.\n", "", "“tone” is missing", ""),
        ("teams/enterprise.yaml", "zone: Europe/London", "zone: Europe/Lodnon", "is no time zone", "Europe/London"),
        ("teams/enterprise.yaml", "holidays: GB-ENG", "holidays: GB-XYZ", "“XYZ” is no part of GB", ""),
        ("teams/enterprise.yaml", "holidays: GB-ENG", "holidays: Britain", "is no country code", ""),
        ("teams/enterprise.yaml", "weekdays: 08:30-17:30", "weekdays: 17:30-08:30", "end before they start", ""),
        ("teams/enterprise.yaml", "weekdays: 08:30-17:30", "weekdays: 8 to 5", "write hours as", ""),
        ("teams/enterprise.yaml", "weekdays: 08:30-17:30", "weekdays: 08:30-12:30, 12:00-17:30", "overlap", ""),
        ("teams/inside_sales.yaml", "  maya:", "  elena:", "is in the playbook twice", ""),
        ("teams/enterprise.yaml", "email: elena@", "email: elena ", "an address as name@company.example", ""),
        ("teams/enterprise.yaml", "attempt_within: 30 minutes", "attempt_within: 1 minute", "cannot be due before", ""),
        (
            "teams/enterprise.yaml",
            "{accept_within: 10 minutes",
            "{accept_in: 10 minutes",
            "“accept_in” is not known",
            "accept_within",
        ),
        ("targets.csv", ",elena,tier_1", ",elana,tier_1", "there is no rep “elana”", "elena"),
        ("targets.csv", "globex.example", "gmail.com", "is everybody's", ""),
        ("targets.csv", "globex.example", "acme.example", "already belongs to", ""),
        ("targets.csv", "globex.example", "globex", "`domains` are written as", ""),
        ("targets.csv", "game_plan,start,end", "gameplan,start,end", "“gameplan” is no column", "game_plan"),
        ("suppressions.csv", "who,why", '"who,why', "is a double quote never closed?", ""),
        ("suppressions.csv", "routewise.example", '"routewise.example', "is a double quote never closed?", ""),
        (
            "suppressions.csv",
            "routewise.example,competitor",
            "routewise.example,competiter",
            "is not one of",
            "competitor",
        ),
        ("suppressions.csv", "routewise.example", "routewise", "neither an email address nor a domain", ""),
        (
            "suppressions.csv",
            "routewise.example",
            "rivalsoft.example,test,x\nroutewise.example",
            "stands here twice",
            "",
        ),
    )
]

"""Machine traffic that the door can tell by its user agent: robots, mail scanners, monitors (E8)."""

import re
from functools import lru_cache

from schemas.event import Mark

_SIGNS: tuple[tuple[Mark, re.Pattern[str]], ...] = (
    (
        Mark.MONITORING,
        re.compile(
            r"pingdom|uptimerobot|uptime-kuma|statuscake|site24x7|newrelic(synthetics|pinger)|datadog(synthetics)?\b"
            r"|googlehc|kube-probe|elb-healthchecker|betteruptime|checkly|prometheus/|blackbox",
            re.IGNORECASE,
        ),
    ),
    (
        Mark.SCANNER,
        re.compile(
            r"barracuda|proofpoint|mimecast|safelinks|urldefense|fortiguard|symantec|messagelabs|trendmicro"
            r"|zscaler|ironport|sophos|cloudmark|urlscan|virustotal|bitdefender|checkpoint",
            re.IGNORECASE,
        ),
    ),
    (
        Mark.BOT,
        re.compile(
            r"bot\b|bot/|crawl|spider|slurp|headless|phantomjs|lighthouse|facebookexternalhit|embedly|preview"
            r"|scrapy|archiver|puppeteer|playwright|selenium|feedfetcher|googleother|google-inspectiontool",
            re.IGNORECASE,
        ),
    ),
)
"""After the agents' own pages. A library's agent (curl, a vendor's SDK) is no sign: servers post for people."""


@lru_cache(maxsize=2048)
def mark_of(agent: str) -> Mark | None:
    """The mark that this user agent earns, or nothing."""
    for mark, sign in _SIGNS:
        if sign.search(agent):
            return mark
    return None

"""Matching words in what people typed: `VP Sales` is a vice president, the assistant to one is not.

Texts are compared word by word, after folding case, accents' composition and abbreviations. Patterns are ordered: the
first that occurs decides, and a pattern may say *no*. No regular expression of a playbook ever runs, so that matching
is linear in the text, whatever a stranger typed.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 300
"""Characters of a text that are looked at: a title is no novel."""
_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['’]s\b")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}")


@lru_cache(maxsize=8192)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, folded: `V.P., Sales` gives `vp`, `sales`."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    joined = _DOTTED.sub(lambda found: found.group().replace(".", ""), _POSSESSIVE.sub("", folded))
    return tuple(_WORD.findall(joined))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A phrase as folded words, and what its occurrence decides."""

    phrase: tuple[str, ...]
    says: bool = True


class Abbreviations:
    """Which words are short for others: `vp` → `vice president`."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = {words_of(short): words_of(long) for short, long in table.items() if words_of(short)}
        self._longest = max((len(short) for short in self._table), default=0)

    def spelled(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The words with every abbreviation spelled out, the longest match first."""
        if not self._table:
            return words
        result: list[str] = []
        at = 0
        while at < len(words):
            for size in range(min(self._longest, len(words) - at), 0, -1):
                long = self._table.get(words[at : at + size])
                if long is not None:
                    result.extend(long)
                    at += size
                    break
            else:
                result.append(words[at])
                at += 1
        return tuple(result)


def occurs(phrase: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether the phrase stands in the words, as neighbours and in order."""
    size = len(phrase)
    if size == 1:
        return phrase[0] in words
    return any(words[at : at + size] == phrase for at in range(len(words) - size + 1))


def decides(patterns: Sequence[Pattern], words: tuple[str, ...]) -> bool:
    """What the first pattern that occurs says; no when none does."""
    for pattern in patterns:
        if occurs(pattern.phrase, words):
            return pattern.says
    return False


_LEGAL = frozenset(
    {
        "ag",
        "as",
        "bv",
        "co",
        "company",
        "corp",
        "corporation",
        "gmbh",
        "group",
        "holding",
        "holdings",
        "inc",
        "incorporated",
        "kg",
        "limited",
        "llc",
        "llp",
        "ltd",
        "nv",
        "oy",
        "plc",
        "pty",
        "sa",
        "sarl",
        "sas",
        "se",
        "spa",
        "srl",
    },
)


def company_name(text: str) -> str:
    """A company's name for comparing: folded words without legal endings. `ACME, Inc.` and `Acme` are one."""
    words = list(words_of(text))
    while len(words) > 1 and words[-1] in _LEGAL:
        words.pop()
    return " ".join(words)

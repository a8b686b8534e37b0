"""The small template language of plays: values, `or`, and `if`. Nothing in it can loop, compute or call.

Templates belong to the playbook; what a lead typed is only ever a value, never a template. The language is a subset of
Jinja's, proven by its syntax tree, so that the time a text takes is bounded by its length. A value that is missing says
its written alternative, and is false in an `if`.
"""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache

from jinja2 import TemplateSyntaxError, nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 6_000
"""Characters of one rendered text."""
LONGEST_VALUE = 400
ALTERNATIVES: Mapping[str, str] = {
    "name": "this lead",
    "first_name": "there",
    "title": "the person who looks after this",
    "company": "your company",
    "email": "an address we do not have yet",
    "phone": "a number we do not have yet",
    "persona": "somebody we do not know yet",
    "stage": "just looking",
    "awareness": "what they know of us is open",
    "source": "a source we do not know",
    "interest": "what we do",
    "account": "no account that we know",
    "game_plan": "there is no written game plan yet: ask the owner for two lines",
    "why_now": "they came to us by themselves",
    "history": "nothing before this",
    "content_title": "something new, which I pick for you",
    "content_url": "I send you the link",
    "rep_name": "your contact here",
    "rep_first_name": "your contact",
    "rep_email": "just reply to this mail",
}
"""Every variable a play may use, and what stands there when it is not known."""
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Or,
    nodes.And,
    nodes.Not,
)
# Plain text: each channel escapes for itself.
_ENVIRONMENT = ImmutableSandboxedEnvironment(autoescape=False, trim_blocks=True, lstrip_blocks=True)


class TemplateFault(ValueError):  # noqa: N818  (it is a fault of the page, and people read it as one)
    """A template that cannot be used, and the word that was probably meant."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.message, self.suggestion = message, suggestion


class Missing(str):
    """A value that is not known: false in an `if`, and its written alternative where it is shown."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


_MISSING = {name: Missing(text) for name, text in ALTERNATIVES.items()}
_NOTHING = _ENVIRONMENT.from_string("")
"""An empty text: no template of ours has blocks or names of its own, so any of them can read any one's values."""


@lru_cache(maxsize=4096)
def prove(text: str) -> None:
    """Raises `TemplateFault` unless this text is a template that can be rendered for anybody.

    What holds is remembered, so that a reload proves only what has changed.
    """
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as fault:
        raise TemplateFault(f"this template is broken: {fault.message}") from None
    except RecursionError:
        raise TemplateFault("this template is nested too deeply") from None
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            kind = type(node).__name__
            raise TemplateFault(f"a play says values, `or` and `if`, nothing more: this is a {kind.lower()}")
        if isinstance(node, nodes.Name) and (node.name not in ALTERNATIVES or node.ctx != "load"):
            near = get_close_matches(node.name, ALTERNATIVES, n=1)
            raise TemplateFault(f"there is no value “{node.name}” for plays", near[0] if near else "")


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Callable[[Context], Iterator[str]]:
    prove(text)
    return _ENVIRONMENT.from_string(text).root_render_func


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its values, tidied and no longer than `LONGEST`. Raises `TemplateFault` as `prove` does."""
    return said(text, complete(values))


def said(text: str, values: Context) -> str:
    """As `filled`, with values that are complete already, because many texts share them."""
    return _tidied("".join(_compiled(text)(values))) if "{" in text else text[:LONGEST]


def complete(values: Mapping[str, str]) -> Context:
    """Every variable of a play, tidied; what is not known stands as its written alternative."""
    whole: dict[str, str] = dict(_MISSING)
    for name, value in values.items():
        if value and name in whole:
            whole[name] = clean(value) or whole[name]
    return _NOTHING.new_context(whole, shared=True)  # shared: it needs none of Jinja's own names


def clean(value: str) -> str:
    """A stranger's text as one line without control characters, no longer than `LONGEST_VALUE`."""
    line = value[: 4 * LONGEST_VALUE]
    if not line.isprintable():  # rare, and a hundred times as slow
        line = "".join(each if each.isprintable() else " " for each in line)
    if "  " in line or line[:1] == " " or line[-1:] == " ":  # a blank is the only white space that is printable
        line = " ".join(line.split())
    return line if len(line) <= LONGEST_VALUE else f"{line[: LONGEST_VALUE - 1]}…"


def _tidied(text: str) -> str:
    """Without blanks at the end of a line, and never two empty lines after one another."""
    whole = text.strip()
    if "\n" in whole:
        lines = [line.rstrip() for line in whole.split("\n")]
        whole = "\n".join([line for line, before in zip(lines, ("", *lines), strict=False) if line or before])
    return whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 1]}…"

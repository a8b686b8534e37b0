"""An address somebody wrote down may be called over https, or on this very machine, and holds no secret."""

import pytest

from runtime.addresses import fault_of, is_loopback


@pytest.mark.parametrize(
    "url",
    [
        "https://tool.example/hooks/7?list=a%20b",
        "https://tool.example:8443/",
        "http://127.0.0.1:9000/hooks",
        "http://localhost/hooks",
        "http://[::1]:9000/",
    ],
)
def test_what_may_be_called(url: str) -> None:
    assert fault_of(url) == ""


@pytest.mark.parametrize(
    ("url", "mend"),
    [
        ("http://tool.example/hooks", "write https://"),
        ("http://127.0.0.1.tool.example/", "write https://"),
        ("ftp://tool.example/", "write the whole address"),
        ("tool.example/hooks", "write the whole address"),
        ("https:///hooks", "write the whole address"),
        ("https://ops:hunter2@tool.example/", "no password"),
        ("https://tool.example:port/", "this is no address"),
        ("https://[::1/", "this is no address"),
        ("https://tool.example/a b", "no blanks"),
        ("https://tool.example/\r\nHost: evil.example", "no blanks"),
        (f"https://tool.example/{'a' * 2000}", "at most 2000"),
    ],
)
def test_what_may_not_be_called_says_how_to_write_it(url: str, mend: str) -> None:
    fault = fault_of(url)

    assert mend in fault
    assert "hunter2" not in fault


def test_this_machine_is_known_by_its_names() -> None:
    names = ("localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1", "localhost.example", "128.0.0.1", "::2")

    assert [name for name in names if is_loopback(name)] == ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1"]

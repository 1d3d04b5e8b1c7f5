"""How long to wait, out of headers and texts."""

import pytest

from providers.wires.openai.waits import duration_s, in_text, retry_after_s

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "7.5", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": DATE}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:27:30 GMT", "date": DATE}, 0.0),
        ({"retry-after": DATE}, None),
        ({"retry-after": "soon", "date": DATE}, None),
        ({"retry-after": "-1"}, None),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "9",
            },
            1.0,
        ),
        ({"x-ratelimit-reset-tokens": "12"}, 12.0),
        ({"x-ratelimit-reset-tokens": "1767225600000"}, None),
    ],
)
def test_headers(headers: dict[str, str], seconds: float | None) -> None:
    """A header that says how long to wait is not understood, or nonsense is."""
    assert retry_after_s(headers, "", limited=True) == seconds


def test_resets_count_for_limits_only() -> None:
    """The window of a limit that is not used up delays a retry."""
    assert retry_after_s({"x-ratelimit-reset-tokens": "1s"}, "", limited=False) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Please try again in 7.66s.", 7.66),
        ("Please try again in 2m59.56s. Visit …", 179.56),
        ("try again in 120ms", 0.12),
        ("…, please try again after 1 seconds", 1.0),
        ("Please retry after 24 seconds.", 24.0),
        ("Please retry in 34.07s.", 34.07),
        ("try again later", None),
        ("limit 5s", None),
    ],
)
def test_texts(text: str, seconds: float | None) -> None:
    """A wait in a vendor's words is not understood."""
    assert in_text(text) == (pytest.approx(seconds) if seconds else None)


@pytest.mark.parametrize(("text", "seconds"), [("1h2m3s", 3723.0), ("", None), ("12", None), ("5 apples", None)])
def test_durations(text: str, seconds: float | None) -> None:
    """A duration is misread."""
    assert duration_s(text) == seconds

"""One class of tests over every vendor: what it says that it can do, and that nothing is lost in silence."""

import pytest

pytest.register_assert_rewrite("tests.conformance.checks", "tests.conformance.answering")

"""Frameworks mounted in one process keep the contract; all of it is `nox -s mounted`."""

from pathlib import Path

import pytest

from blog_core.storage import migrate
from tests.runs import outcomes

TESTS = (
    # FastAPI's, outside.
    "test_posts::test_a_new_post_is_answered_in_these_bytes",
    "test_preconditions::test_a_write_without_if_match_is_428_and_changes_nothing",
    "test_bodies::test_a_body_of_one_mebibyte_is_read",
    # Flask's.
    "test_users::test_me_is_the_own_user_in_these_bytes",
    "test_tokens::test_sign_in_answers_201_with_the_token_in_these_bytes",
    "test_openapi::test_the_document_lists_exactly_the_operations_of_the_contract",
    # Django's.
    "test_pages::test_whoever_sends_a_made_up_session_is_an_anonymous_visitor",
    # The front's: once.
    "test_headers::test_an_answer_has_these_headers_and_no_other",
    "test_methods::test_head_answers_as_get_without_the_body",
)


@pytest.mark.parametrize(
    "target", ["asgi:examples.mounted.fastapi_outside:app", "wsgi:examples.mounted.wsgi_both:app"]
)
def test_frameworks_behind_one_front_keep_the_contract(target: str, tmp_path: Path) -> None:
    database = tmp_path / "blog.sqlite3"
    migrate.upgrade(f"sqlite:///{database}")
    assert dict.fromkeys(TESTS, True) == outcomes(target, TESTS, database, tmp_path)

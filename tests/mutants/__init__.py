"""Faults planted in the adapters, each an ordinary target, and the tests that are to see them.

    BLOG_DATABASE_URL=sqlite:///migrated.sqlite3 \\
    pytest --pyargs blog_contract --target wsgi:tests.mutants.missing_if_match_accepted:app

A mutant is the adapter itself, but for the one thing that its module replaces in it.
"""

import ast
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutant:
    """A module here, the target it is made from, and the tests that fail on it.

    A test is `module::function` of the contract suite, or of `tests/stored_rows.py` and
    `tests/set_limits.py`, which stand beside it. `cause` is what somebody would call the fault who
    sees what it changes for a client. So many `processes` serve it, of gunicorn or uvicorn; 0 is in
    the process of the tests. `crashes` says that the fault is an unexpected error; no other mutant
    may have one.
    """

    name: str
    target: str
    tests: tuple[str, ...]
    cause: str
    processes: int = 0
    crashes: bool = False

    @property
    def address(self) -> str:
        kind = self.target.rpartition("-")[2]
        return f"{kind}:tests.mutants.{self.name}:app"

    @property
    def fault(self) -> str:
        """What it does, in its own words."""
        source = Path(__file__).with_name(f"{self.name}.py").read_text("utf-8")
        return ast.get_docstring(ast.parse(source)) or ""


HEAD = (
    "test_methods::test_head_answers_as_get_without_the_body",
    "test_methods::test_head_of_what_is_ones_own_answers_as_get",
    "test_preconditions::test_head_answers_the_tag_and_length_of_get",
)
ALLOW = (
    "test_methods::test_options_names_the_methods_of_a_path",
    "test_methods::test_a_method_a_path_does_not_have_is_405",
)
PATH_ID = (
    "test_paths::test_a_post_id_out_of_form_is_404",
    "test_posts::test_a_post_id_out_of_form_is_404",
)
TWICE = (
    "test_queries::test_a_known_parameter_given_twice_is_422",
    "test_queries::test_neither_the_first_nor_the_last_of_two_values_wins",
)
NAIVE_OUT = (
    "test_values::test_an_instant_comes_back_in_utc_with_six_digits",
    "test_posts::test_a_new_post_is_answered_in_these_bytes",
    "test_users::test_a_new_user_has_a_positive_id_and_an_instant_of_joining",
)
NAIVE_IN = (
    "test_values::test_an_instant_in_another_form_or_out_of_range_is_refused",
    "test_posts::test_another_form_of_instant_is_refused",
)
UNKNOWN = (
    "test_values::test_an_unknown_field_is_refused_by_its_name",
    "test_users::test_sign_up_takes_no_other_field",
    "test_rights::test_nobody_signs_up_as_staff",
)
IF_MATCH = ("test_preconditions::test_a_write_without_if_match_is_428_and_changes_nothing",)
RACE = (
    "test_races::test_of_two_writers_with_one_tag_exactly_one_wins_every_round",
    "test_races::test_no_acknowledged_change_is_lost_among_writers_who_try_again",
)
READ_BACK = (
    "test_posts::test_a_new_post_is_read_back_as_it_was_answered",
    "test_lists::test_a_new_post_with_an_old_date_takes_its_place_by_date",
    "test_search::test_a_changed_post_is_found_by_its_new_words_alone",
)
SEARCH = ("test_search::test_a_search_finds_no_unpublished_post",)
LIST = ("test_rights::test_only_published_posts_are_in_the_list_of_an_author_whoever_asks",)
COUNT = ("test_lists::test_unpublished_posts_change_no_byte_of_any_page",)
BODY = ("test_rights::test_a_hidden_post_answers_as_an_id_that_never_was",)
TIME = ("test_rights::test_a_hidden_post_takes_the_time_of_an_id_that_never_was",)
READS_JSON = (
    "test_bodies::test_a_body_that_is_not_good_json_is_400",
    "test_bodies::test_bad_json_is_400_on_every_operation_that_reads_it",
)
OTHER_PATH = (
    "test_paths::test_a_path_spelled_otherwise_is_another_path",
    "test_paths::test_no_path_is_redirected_to_the_one_that_was_meant",
)
LOCATION = (
    "test_hosts::test_locations_and_links_are_paths",
    "test_posts::test_a_new_post_is_answered_with_its_path_and_its_first_tag",
    "test_users::test_sign_up_answers_the_path_of_the_new_user",
)
PATCH = ("test_posts::test_patch_replaces_what_is_present_and_keeps_the_rest",)
OWN_HEADERS = ("test_headers::test_an_answer_has_these_headers_and_no_other",)
KEY_ORDER = (
    "test_posts::test_a_new_post_is_answered_in_these_bytes",
    "test_users::test_me_is_the_own_user_in_these_bytes",
)
NO_CREDENTIALS = ("test_credentials::test_without_credentials_it_is_401_and_the_answer_says_which",)
MADE_UP_SESSION = (
    "test_sessions::test_a_made_up_session_is_401_wherever_the_api_reads_credentials",
    "test_pages::test_whoever_sends_a_made_up_session_is_an_anonymous_visitor",
)
OTHER_SITES = ("test_sessions::test_an_unsafe_request_is_refused_unless_this_site_made_it",)
NOT_ONES_OWN = (
    "test_rights::test_a_published_post_of_another_is_seen_but_not_the_callers_to_change",
)

MUTANTS = (
    Mutant(
        "validation_400",
        "django-wsgi",
        ("test_posts::test_a_post_needs_a_title", "test_values::test_what_put_leaves_out_is_named"),
        "a validation error is 400 instead of 422",
    ),
    Mutant(
        "malformed_json_422", "fastapi-asgi", READS_JSON, "malformed JSON is 422 instead of 400"
    ),
    Mutant(
        "path_id_422",
        "fastapi-asgi",
        PATH_ID,
        "a path parameter of the wrong type is 422 instead of 404",
    ),
    Mutant(
        "malformed_json_as_page",
        "flask-wsgi",
        READS_JSON,
        "an error is HTML instead of the JSON envelope",
    ),
    Mutant(
        "slash_redirect", "fastapi-asgi", OTHER_PATH, "trailing slash redirects (404 became 307)"
    ),
    Mutant(
        "redirect_loses_method",
        "django-wsgi",
        OTHER_PATH,
        "trailing slash redirects with 301, which turns POST into GET",
    ),
    Mutant(
        "escaped_slash_decoded",
        "flask-wsgi",
        ("test_paths::test_an_escaped_slash_is_no_slash",),
        "%2F in a path is decoded before routing",
    ),
    Mutant(
        "absolute_location",
        "flask-wsgi",
        LOCATION,
        "Location became absolute, with the scheme and host of the inside",
    ),
    Mutant("rfc_822_dates", "flask-wsgi", NAIVE_OUT, "dates are RFC 822 instead of RFC 3339"),
    Mutant("offset_for_z", "fastapi-asgi", NAIVE_OUT, "UTC is written +00:00 instead of Z"),
    Mutant("naive_datetime_out", "flask-wsgi", NAIVE_OUT, "dates lost their offset"),
    Mutant(
        "naive_datetime_in", "django-wsgi", NAIVE_IN, "a date without an offset is taken for UTC"
    ),
    Mutant(
        "list_field_first",
        "fastapi-asgi",
        ("test_preconditions::test_if_match_in_two_header_fields_is_one_list",),
        "of a list in two header fields only the first is read",
    ),
    Mutant(
        "list_parameter",
        "fastapi-asgi",
        TWICE[:1],
        "a query parameter is a list, sent as repeated keys",
    ),
    Mutant(
        "first_of_two_taken",
        "flask-wsgi",
        TWICE,
        "of a repeated query parameter the first value counts",
    ),
    Mutant(
        "duplicate_query_taken",
        "django-wsgi",
        TWICE,
        "of a repeated query parameter the last value counts",
    ),
    Mutant(
        "unknown_parameter_refused",
        "fastapi-asgi",
        (
            "test_queries::test_unknown_parameters_change_nothing",
            "test_lists::test_unknown_parameters_are_ignored_even_twice",
        ),
        "an unknown query parameter is refused",
    ),
    Mutant(
        "unknown_field_accepted",
        "django-wsgi",
        UNKNOWN,
        "an unknown body field is ignored instead of refused",
    ),
    Mutant(
        "optional_field_required",
        "flask-wsgi",
        (
            "test_posts::test_a_title_is_enough_for_an_empty_draft",
            "test_posts::test_a_new_post_is_read_back_as_it_was_answered",
        ),
        "an optional body field became mandatory",
    ),
    Mutant("patch_ignores_null", "fastapi-asgi", PATCH, "null in a PATCH is taken for absent"),
    Mutant("patch_resets_absent", "flask-wsgi", PATCH, "what a PATCH leaves out is reset"),
    Mutant(
        "number_taken_for_text",
        "django-wsgi",
        (
            "test_values::test_nothing_but_text_is_taken_for_text",
            "test_users::test_sign_up_takes_nothing_but_text",
        ),
        "a value of another type is coerced instead of refused",
    ),
    Mutant(
        "nan_crashes",
        "fastapi-asgi",
        ("test_bodies::test_nan_or_infinity_in_a_field_is_400",),
        "NaN in a body is a server error",
        crashes=True,
    ),
    Mutant(
        "content_type_422",
        "fastapi-asgi",
        (
            "test_bodies::test_a_body_of_another_type_is_415_and_the_answer_says_which_is_read",
            "test_bodies::test_no_other_type_is_read_as_json",
        ),
        "another Content-Type is 422 instead of 415",
    ),
    Mutant(
        "large_body_consumed",
        "flask-wsgi",
        ("test_bodies::test_a_body_of_one_mebibyte_is_read",),
        "a large body arrives empty: something read it before",
    ),
    Mutant(
        "body_buffered_first",
        "django-wsgi",
        ("test_bodies::test_a_body_declared_too_large_is_413_before_it_comes",),
        "a body too large is read whole before it is refused",
    ),
    Mutant("sorted_keys", "flask-wsgi", KEY_ORDER, "JSON keys are sorted"),
    Mutant(
        "stored_null_crashes",
        "fastapi-asgi",
        ("stored_rows::test_a_post_stored_with_any_date_or_null_is_in_the_list_of_its_status",),
        "a stored NULL makes a list a server error",
        crashes=True,
    ),
    Mutant(
        "old_value_crashes",
        "django-wsgi",
        ("stored_rows::test_a_post_stored_with_any_date_or_null_is_in_the_list_of_its_status",),
        "a stored value the new enum does not know makes a list a server error",
        crashes=True,
    ),
    Mutant(
        "inner_join_drops_posts",
        "fastapi-asgi",
        ("stored_rows::test_the_posts_of_a_disabled_author_are_still_listed",),
        "a join drops rows from a list",
    ),
    Mutant(
        "filter_ignored",
        "fastapi-asgi",
        ("test_search::test_a_search_goes_over_every_author_unless_one_is_named",),
        "a filter parameter is ignored",
    ),
    Mutant(
        "default_order_turned",
        "django-wsgi",
        (
            "test_lists::test_posts_are_listed_newest_first",
            "test_lists::test_the_default_order_is_newest",
        ),
        "the default order of a list is reversed",
    ),
    Mutant(
        "guard_half_dropped", "flask-wsgi", NOT_ONES_OWN, "one half of a permission check is gone"
    ),
    Mutant(
        "missing_credentials_403",
        "fastapi-asgi",
        NO_CREDENTIALS,
        "missing credentials are 403 instead of 401",
    ),
    Mutant(
        "foreign_hash_refused",
        "fastapi-asgi",
        ("stored_rows::test_a_password_that_another_library_hashed_signs_in",),
        "passwords hashed before the move are not right any more",
    ),
    Mutant(
        "unknown_hash_crashes",
        "flask-wsgi",
        ("stored_rows::test_a_stored_hash_of_no_known_form_is_a_plain_401",),
        "a stored hash of unknown form makes sign-in a server error",
        crashes=True,
    ),
    Mutant(
        "write_by_get",
        "flask-wsgi",
        ("test_methods::test_what_is_written_by_post_is_not_written_by_get",),
        "GET changes something",
    ),
    Mutant(
        "old_cookie_crashes",
        "fastapi-asgi",
        MADE_UP_SESSION,
        "a session cookie from before the move is a server error",
        crashes=True,
    ),
    Mutant(
        "own_session_cookie",
        "flask-wsgi",
        ("stored_rows::test_a_session_that_was_opened_before_is_still_good",),
        "sessions opened before the move are not good any more",
    ),
    Mutant(
        "session_taken_over",
        "django-wsgi",
        ("test_sessions::test_a_value_from_before_signing_in_is_never_taken_over",),
        "a session value from before signing in is good after it",
    ),
    Mutant(
        "sign_out_leaves_session",
        "fastapi-asgi",
        ("test_sessions::test_signing_out_ends_the_session_and_takes_the_cookie_away",),
        "a session that was signed out is still good",
    ),
    Mutant(
        "password_keeps_sessions",
        "django-wsgi",
        ("test_sessions::test_a_password_changed_over_the_api_ends_every_other_session",),
        "a changed password leaves sessions open",
    ),
    Mutant(
        "other_sites_accepted",
        "fastapi-asgi",
        (
            *OTHER_SITES,
            "test_sessions::test_another_sites_form_is_403_whatever_it_holds_and_does_nothing",
        ),
        "another site's form is taken with the visitor's session",
    ),
    Mutant(
        "same_site_accepted",
        "flask-wsgi",
        OTHER_SITES,
        "a form of another host of the same domain is taken",
    ),
    Mutant(
        "sign_out_by_get",
        "flask-wsgi",
        ("test_sessions::test_a_link_does_nothing_of_what_a_form_does",),
        "a link from another site does what only a form may",
    ),
    Mutant(
        "own_page_kept",
        "flask-wsgi",
        ("test_pages::test_only_what_everybody_sees_may_be_kept",),
        "a page for one visitor may be kept by shared caches",
    ),
    Mutant(
        "led_elsewhere",
        "django-wsgi",
        ("test_forms::test_next_is_followed_only_to_a_path_of_this_site",),
        "a redirect leads to another site",
    ),
    Mutant(
        "title_unescaped",
        "fastapi-asgi",
        ("test_forms::test_a_preview_shows_the_post_above_the_form_and_stores_nothing",),
        "what was typed is not escaped on a page",
    ),
    Mutant(
        "form_sent_twice",
        "fastapi-asgi",
        ("test_forms::test_the_same_form_sent_twice_makes_one_post",),
        "a form sent twice is done twice",
    ),
    Mutant(
        "edit_overwrites",
        "flask-wsgi",
        ("test_forms::test_of_two_changes_at_once_neither_is_lost",),
        "a form saves over what was saved meanwhile",
    ),
    Mutant(
        "multipart_crashes",
        "fastapi-asgi",
        ("test_forms::test_no_multipart_form_is_read_whatever_its_parts_are",),
        "a multipart part without a file name is a server error",
        crashes=True,
    ),
    Mutant(
        "set_limits_ignored",
        "fastapi-asgi",
        ("set_limits::test_the_limits_that_were_set_are_the_ones_that_count",),
        "limits that were set are not the ones that count",
    ),
    Mutant(
        "forwarded_for_believed",
        "django-wsgi",
        ("set_limits::test_whoever_makes_up_addresses_is_no_other_client",),
        "a made-up X-Forwarded-For is another client",
    ),
    Mutant(
        "cors_missing_on_errors",
        "fastapi-asgi",
        ("test_cors::test_an_allowed_origin_may_read_every_answer",),
        "errors lost their CORS headers",
    ),
    Mutant(
        "cors_get_only",
        "fastapi-asgi",
        ("test_cors::test_a_preflight_names_the_methods_of_the_path",),
        "CORS allows GET only",
    ),
    Mutant(
        "vary_without_cookie",
        "flask-wsgi",
        ("test_headers::test_every_answer_varies_by_the_same_fields",),
        "Vary does not name Cookie",
    ),
    Mutant(
        "not_modified_lost",
        "fastapi-asgi",
        ("test_preconditions::test_a_known_tag_is_answered_304_with_the_tag_alone",),
        "a conditional GET is answered in full (304 became 200)",
    ),
    Mutant(
        "range_answered",
        "flask-wsgi",
        ("test_headers::test_a_range_is_answered_with_the_whole",),
        "a range is answered with a part (200 became 206)",
    ),
    Mutant("head_405", "fastapi-asgi", HEAD, "HEAD is not answered (200 became 405)"),
    Mutant("wrong_allow", "fastapi-asgi", ALLOW, "Allow names fewer methods than there are"),
    Mutant("date_twice", "fastapi-asgi", OWN_HEADERS, "Date is sent twice", processes=1),
    Mutant(
        "connections_kept",
        "fastapi-asgi",
        ("test_races::test_the_hundredth_read_is_answered_as_the_first",),
        "database connections are never given back",
    ),
    Mutant(
        "pool_below_threads",
        "fastapi-asgi",
        ("test_races::test_of_many_readers_at_once_each_is_answered",),
        "there are fewer database connections than threads",
    ),
    Mutant(
        "missing_if_match_accepted",
        "flask-wsgi",
        IF_MATCH,
        "a write without If-Match is done instead of refused",
    ),
    Mutant(
        "check_then_write",
        "flask-wsgi",
        RACE,
        "a change is lost where two write at once",
        processes=2,
    ),
    Mutant(
        "commit_after_reply", "fastapi-asgi", READ_BACK, "what was acknowledged is not there yet"
    ),
    Mutant("draft_in_search", "django-wsgi", SEARCH, "a search finds what is not public"),
    Mutant("draft_in_list", "fastapi-asgi", LIST, "a list shows what is not public"),
    Mutant("draft_counted", "flask-wsgi", COUNT, "a page is shorter by what is not public"),
    Mutant(
        "draft_in_404_body", "flask-wsgi", BODY, "a 404 tells what is hidden from what never was"
    ),
    Mutant("draft_in_404_time", "flask-wsgi", TIME, "a 404 takes longer for what is hidden"),
)

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}

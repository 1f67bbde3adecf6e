"""Faults planted in the adapters, each an ordinary target, and the tests that are to see them.

    BLOG_DATABASE_URL=sqlite:///migrated.sqlite3 \\
    pytest --pyargs blog_contract --target wsgi:tests.mutants.missing_if_match_accepted:app

A mutant is the adapter itself, but for the one thing that its module replaces in it.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

PAGE = "docs/mutants.md"


@dataclass(frozen=True)
class Mutant:
    """A module here, the target it is made from, and the tests of the contract that fail on it.

    `processes` serve it behind gunicorn; 0 is in the process of the tests.
    """

    name: str
    target: str
    tests: tuple[str, ...]
    processes: int = 0

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

MUTANTS = (
    Mutant("head_405", "fastapi-asgi", HEAD),
    Mutant("wrong_allow", "fastapi-asgi", ALLOW),
    Mutant("path_id_422", "fastapi-asgi", PATH_ID),
    Mutant("duplicate_query_taken", "django-wsgi", TWICE),
    Mutant("naive_datetime_out", "flask-wsgi", NAIVE_OUT),
    Mutant("naive_datetime_in", "django-wsgi", NAIVE_IN),
    Mutant("unknown_field_accepted", "django-wsgi", UNKNOWN),
    Mutant("missing_if_match_accepted", "flask-wsgi", IF_MATCH),
    Mutant("check_then_write", "flask-wsgi", RACE, processes=2),
    Mutant("commit_after_reply", "fastapi-asgi", READ_BACK),
    Mutant("draft_in_search", "django-wsgi", SEARCH),
    Mutant("draft_in_list", "fastapi-asgi", LIST),
    Mutant("draft_counted", "flask-wsgi", COUNT),
    Mutant("draft_in_404_body", "flask-wsgi", BODY),
    Mutant("draft_in_404_time", "flask-wsgi", TIME),
)


def page() -> str:
    """docs/mutants.md, as it is to be."""
    lines = [
        "# Planted faults",
        "",
        "A suite that no fault turns red proves nothing. Each of these is one of the adapters with",
        "one fault planted in it (`tests/mutants/`). `tests/test_mutants.py` runs the contract",
        "suite against every one and fails unless the tests named here fail on it, and pass on the",
        "adapter as it is.",
        "",
        "| fault | planted in | caught by |",
        "| --- | --- | --- |",
    ]
    for mutant in MUTANTS:
        where = f"{mutant.processes} processes of {mutant.target}" if mutant.processes else ""
        caught = "<br>".join(f"`{test}`" for test in mutant.tests)
        words = mutant.fault.replace("\n", " ")
        lines.append(f"| `{mutant.name}`: {words} | {where or mutant.target} | {caught} |")
    return "\n".join(lines) + "\n"

"""What the core refuses, said in Django's words: a ValidationError."""

from collections.abc import Iterator
from contextlib import contextmanager
from json import loads
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from blog_core.domain.errors import BlogError
from blog_core.http import problems


def as_validation_error(error: BlogError) -> ValidationError:
    """The refusal by field, in the words that a client of the API reads."""
    content = loads(problems.of(error).body)
    found: dict[str, Any] = {}
    for wrong in content.get("errors", ()):
        found.setdefault(wrong["field"] or NON_FIELD_ERRORS, []).append(wrong["message"])
    if not found:
        found[NON_FIELD_ERRORS] = [content["detail"]]
    return ValidationError(found)


@contextmanager
def validation_errors(*, named: bool = False) -> Iterator[None]:
    """Let a refusal leave the block as a ValidationError.

    `named` is for where there is no form: each message then says which field it is about.
    """
    try:
        yield
    except BlogError as error:
        refusal = as_validation_error(error)
        if named:
            refusal = ValidationError(
                [
                    message if field == NON_FIELD_ERRORS else f"{field}: {message}"
                    for field, messages in refusal.message_dict.items()
                    for message in messages
                ]
            )
        raise refusal from error

"""Whether answers are alike where a write may make something up: the instant, the token, the id."""

import re
from collections.abc import Mapping
from dataclasses import replace

from http_parity.compare import differences
from http_parity.exchange import Answer

_GENERATED = re.compile(
    rb'("(?:created|expires|joined|pub_date|updated)":)'
    rb'"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"'
    rb'|("token":)"[A-Za-z0-9_-]{43,64}"'
)


def assert_alike(answers: Mapping[str, Answer]) -> Answer:
    """The first answer; fails unless every other is the same but for what is made up."""
    (first, expected), *others = ((name, masked(answer)) for name, answer in answers.items())
    for name, answer in others:
        found = [str(difference) for difference in differences(expected, answer)]
        assert [] == found, f"{name} is not {first}"
    return next(iter(answers.values()))


def masked(answer: Answer) -> Answer:
    """A success without the instants and tokens it made up, which must be in form."""
    if not 200 <= answer.status < 300:
        return answer
    return replace(answer, body=_GENERATED.sub(rb'\1\2"generated"', answer.body))

"""Made-up writing that reads like writing, the same for the same seed.

writing = Writing(seed=1)
title, content = writing.post()
"""

import random
import tomllib
from collections.abc import Iterator, Sequence
from importlib.resources import files

_PARAGRAPHS = 4_000


class Writing:
    """An endless supply of names and posts from one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._pick = random.Random(seed).random  # noqa: S311 # writing, not secrets
        patterns = tomllib.loads(files("triptych").joinpath("plausible.toml").read_text("utf-8"))
        self._first: list[str] = patterns["first_names"].split()
        self._last: list[str] = patterns["last_names"].split()
        self._things: list[str] = patterns["things"].split()
        self._qualities: list[str] = patterns["qualities"].split()
        self._titles: list[str] = patterns["titles"]
        self._sentences: list[str] = patterns["sentences"]
        self._code: list[str] = patterns["code"]
        # Posts are put together from paragraphs made once: a million of them must take seconds.
        self._paragraphs = [self._paragraph() for _ in range(_PARAGRAPHS)]

    def usernames(self) -> Iterator[str]:
        """Names that no other seed makes, and none twice."""
        number = 0
        while True:
            number += 1
            yield f"{self._one(self._first)}.{self._one(self._last)}-{self._seed}.{number}"

    def post(self) -> tuple[str, str]:
        """Title and Markdown content, some 60 to 250 words."""
        content = "\n\n".join([self._one(self._paragraphs) for _ in range(2 + self.below(4))])
        return self._filled(self._one(self._titles)), content

    def below(self, end: int) -> int:
        """A whole number from 0, less than `end`."""
        return int(self._pick() * end)

    def _one(self, choices: Sequence[str]) -> str:
        return choices[int(self._pick() * len(choices))]

    def _paragraph(self) -> str:
        if self.below(12) == 0:
            return self._filled(self._one(self._code))
        return " ".join(self._filled(self._one(self._sentences)) for _ in range(2 + self.below(4)))

    def _filled(self, pattern: str) -> str:
        return pattern.format(
            thing=self._one(self._things),
            other=self._one(self._things),
            quality=self._one(self._qualities),
        )

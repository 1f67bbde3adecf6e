"""What a key was used for is written first, and the key by itself afterwards."""

import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import blog_flask.wsgi
from blog_core.blog import Blog
from blog_core.ports import Caller, Repositories

_once = Blog._once
# As long as it takes to ask a cache elsewhere, where such keys are often kept.
SECONDS = 0.02


def key_by_itself(
    self: Blog,
    request: Any,
    key: str | None,
    out: Any,
    act: Callable[[Repositories, Caller | None], Any],
    **who: Any,
) -> Any:
    if key is None:
        return _once(self, request, key, out, act, **who)
    acted: list[Any] = []

    def in_its_own_transaction(_storage: Repositories, _caller: Caller | None) -> Any:
        return acted[0]

    with self.storage.reading() as storage:
        credentials = who.get("credentials")
        caller = None if credentials is None else self._caller(storage, credentials)
        name = self.secrets.keyed("key", f"{caller.id}" if caller else "anybody", key)
        used = storage.keys.find(name, self.clock().replace(year=2000)) is not None
    if not used:
        acted.append(_once(self, request, None, out, act, **who))
        time.sleep(SECONDS)
    return _once(self, request, key, out, in_its_own_transaction, **who)


patch.object(Blog, "_once", key_by_itself).start()

app = blog_flask.wsgi.app

"""Whether what was acknowledged is there, once, and the same through every framework."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.faults.client import Client, Reply
from tests.faults.databases import Database
from tests.faults.fleet import Account, Fleet
from tests.faults.load import COUNTERS, CROWDED, Ledger, State

POSTS = "SELECT id, title, content, version, pub_date FROM posts"
LIMIT = 100


def check_rows(ledger: Ledger, database: Database) -> list[str]:
    """What is wrong in the database itself; each a sentence."""
    rows = database.rows(POSTS)
    kept = database.rows("SELECT count(*) FROM idempotency_keys")[0][0]
    by_title: dict[str, list[State]] = {}
    numbers = {}
    for post_id, title, content, version, pub_date in rows:
        if title == COUNTERS:
            numbers[post_id] = (int(content), version)
        elif title != CROWDED:
            state = State(version, title, content, pub_date is not None)
            by_title.setdefault(title, []).append(state)
    wrong = []
    for post in ledger.posts:
        found = by_title.pop(post.key, [])
        if len(found) > 1:
            wrong.append(f"doubled: {len(found)} rows for the key {post.key}")
        elif (found[0] if found else None) not in post.possible:
            wrong.append(f"lost: {post.key} is {found or 'not there'}; possible: {post.possible}")
    wrong += [f"nobody asked for {title}" for title in by_title]
    for counter in ledger.counters:
        if counter.post_id not in numbers:
            wrong.append("lost: a counter")
            continue
        number, version = numbers[counter.post_id]
        wrong += _miscounted(number, version, counter.acknowledged, counter.unknown)
    # Nobody removes a key within the day.
    sure = sum(None not in post.possible or post.post_id is not None for post in ledger.posts)
    keys = sure + len(ledger.counters) + (ledger.crowded is not None)
    unsure = len(ledger.posts) - sure
    if not keys <= kept <= keys + unsure:
        wrong.append(f"{kept} keys are kept for {keys} creates, and {unsure} that are not known")
    return wrong


def _miscounted(number: int, version: int, acknowledged: list[int], unknown: int) -> list[str]:
    wrong = [
        f"lost: {times} increments to {value} were acknowledged"
        for value, times in Counter(acknowledged).items()
        if times > 1
    ]
    if not len(acknowledged) <= number <= len(acknowledged) + unknown:
        counted = f"{len(acknowledged)} increments were acknowledged and {unknown} are not known"
        wrong.append(f"lost: {counted}, the counter stands at {number}")
    if version != number + 1:
        wrong.append(f"the versions do not add up: {version} after {number} increments")
    return wrong


def check_views(database: Database, fleet: Fleet, accounts: Sequence[Account]) -> list[str]:
    """Where a framework shows something else than the others, or than is in the database."""
    client = Client(fleet.ports)
    wrong, views = [], {}
    rows = {
        row[0]: (row[1], row[2], row[3], "draft" if row[4] is None else "published")
        for row in database.rows(POSTS)
    }
    for framework in fleet.frameworks:
        shown: dict[int, Any] = {}
        # By a session what others may not see, so that it is seen that it still stands.
        lists = [("/api/posts?", "")]
        lists += [("/api/posts?status=draft&", account.session) for account in accounts]
        for path, session in lists:
            headers = {"Cookie": f"session={session}"} if session else {}
            following: str | None = f"{path}limit={LIMIT}"
            while following:
                got = client.ask(framework, "GET", following, headers)
                if not isinstance(got, Reply) or got.status != 200:
                    wrong.append(f"{framework}: {following} was answered {got.status}")
                    break
                shown |= {post["id"]: post for post in got.json["results"]}
                following = got.json["next"]
        views[framework] = shown
        seen = {
            post_id: (post["title"], post["content"], post["version"], post["status"])
            for post_id, post in shown.items()
        }
        different = [
            post_id
            for post_id in seen.keys() | rows.keys()
            if seen.get(post_id) != rows.get(post_id)
        ]
        if different:
            which = different[0]
            wrong.append(
                f"{framework} shows {len(different)} posts otherwise than they are, for instance "
                f"{seen.get(which)} for {rows.get(which)}"
            )
    client.close()
    first = views[fleet.frameworks[0]]
    wrong += [
        f"{framework} shows what {fleet.frameworks[0]} does not"
        for framework in fleet.frameworks
        if views[framework] != first
    ]
    return wrong

"""Limits: counted exactly, in one process or over several, and never in a request's way."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from blog_core import schemas
from blog_core.domain.errors import NotAuthenticated, NotFound, Throttled, WrongPassword
from blog_core.http import problems, requests
from blog_core.http.operations import BY_NAME, PAGES
from blog_core.http.requests import Asked
from blog_core.ports import LimitName, SharedWindows, Storage, Windows
from blog_core.schemas import ANYBODY, Credentials, Expected
from blog_core.security import patience
from blog_core.security.patience import PatientWindows
from blog_core.security.secrets import SecretKey
from blog_core.security.throttle import MemoryWindows, Throttle
from blog_core.settings import Rate, Settings
from blog_core.storage.windows import RedisWindows, SqlWindows
from blog_core.wiring import build

from .conftest import SERVERS, Databases
from .fakes import PASSWORD, SECRET, QuickHasher, Site, site
from .redis_server import RedisServer

TEN = Rate(10, 60)
NAMES: tuple[LimitName, ...] = ("sign-in-account", "sign-in-network", "sign-up", "writes", "reads")


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["memory", "database", "redis"])
def windows(request: pytest.FixtureRequest) -> Iterator[Windows]:
    """Each kind of windows, empty."""
    if request.param == "memory":
        yield MemoryWindows()
        return
    store: SharedWindows
    if request.param == "database":
        store = SqlWindows(request.getfixturevalue("sqlite_url"))
    else:
        server: RedisServer = request.getfixturevalue("redis")
        server.flush()
        store = RedisWindows(server.url)
    found = PatientWindows(store)
    yield found
    found.close()


@pytest.fixture(params=["sqlite", *SERVERS, "redis"])
def store_url(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> str:
    """Where there is a store of each kind, empty."""
    if request.param != "redis":
        return databases.new(request.param, tmp_path)
    server: RedisServer = request.getfixturevalue("redis")
    server.flush()
    return server.url


@pytest.fixture
def stores(store_url: str) -> Iterator[Sequence[SharedWindows]]:
    """Two processes' views of one store."""
    kind: Callable[[str], SharedWindows]
    kind = RedisWindows if store_url.startswith("redis") else SqlWindows
    found = [kind(store_url), kind(store_url)]
    yield found
    for one in found:
        one.close()


def hit(store: SharedWindows, key: str, seconds: int) -> tuple[int, float]:
    return store.count({(key, seconds): 1})[key, seconds]


# --- windows -------------------------------------------------------------------------------------


def test_a_window_counts_each_key_by_itself(windows: Windows) -> None:
    hits = [windows.hit(key, TEN)[0] for key in ("a", "b", "a", "a", "b")]
    assert [1, 1, 2, 3, 2] == hits


@pytest.mark.sentence("limits-window")
def test_a_window_stands_for_its_seconds_from_its_first_hit(windows: Windows) -> None:
    first, second = windows.hit("a", TEN)[1], windows.hit("a", TEN)[1]
    assert 59 < second <= first <= 60


def test_a_window_that_has_ended_begins_anew(windows: Windows) -> None:
    # Long enough for a busy machine to come to the second hit.
    assert [1, 2] == [windows.hit("a", Rate(2, 3))[0] for _ in range(2)]
    time.sleep(3.05)
    hits, left = windows.hit("a", TEN)
    assert 1 == hits
    assert 59 < left <= 60


def test_no_hit_is_lost_between_threads(windows: Windows) -> None:
    with ThreadPoolExecutor(8) as pool:
        hits = list(pool.map(lambda _: windows.hit("a", Rate(1000, 60))[0], range(200)))
    assert list(range(1, 201)) == sorted(hits)


def test_processes_count_in_the_same_windows(stores: Sequence[SharedWindows]) -> None:
    assert [1, 2, 3] == [hit(stores[number % 2], "a", 60)[0] for number in range(3)]
    hits, left = hit(stores[0], "b", 1)
    assert 1 == hits
    assert 0 < left <= 1
    time.sleep(1.05)
    assert 1 == hit(stores[1], "b", 60)[0]
    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(lambda one: [hit(one, "a", 60)[0] for _ in range(20)], stores)
    assert list(range(4, 44)) == sorted(number for half in halves for number in half)


def test_several_are_counted_at_once(stores: Sequence[SharedWindows]) -> None:
    hit(stores[0], "b", 60)
    found = stores[1].count({("a", 60): 2, ("b", 1): 3, ("c", 1): 1})
    assert [2, 4, 1] == [hits for hits, _ in found.values()]
    assert [True, True, False] == [left > 1 for _, left in found.values()]
    time.sleep(1.05)
    found = stores[0].count({("c", 60): 5, ("a", 60): 1})
    assert {("c", 60): 5, ("a", 60): 3} == {asked: hits for asked, (hits, _) in found.items()}


COUNT = """
import sys
from blog_core.storage.windows import SqlWindows

windows = SqlWindows(sys.argv[1])
for _ in range(50):
    print(windows.count({("a", 600): 1})["a", 600][0])
"""


@pytest.mark.sentence("limits-store")
def test_no_hit_is_lost_between_processes(sqlite_url: str) -> None:
    command = [sys.executable, "-c", COUNT, sqlite_url]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [0, 0, 0] == [process.returncode for process in processes]
    assert list(range(1, 151)) == sorted(int(line) for out in outputs for line in out.split())


def test_windows_that_have_ended_are_forgotten(sqlite_url: str) -> None:
    windows = SqlWindows(sqlite_url)
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO limit_windows VALUES ('old', 1, 0)"))
    windows._sweep_at = 0
    hit(windows, "new", 60)
    with engine.begin() as connection:
        assert ["new"] == list(connection.scalars(text("SELECT id FROM limit_windows")))
    windows.close()
    engine.dispose()


def test_memory_forgets_windows_that_have_ended() -> None:
    now = 0.0
    windows = MemoryWindows(lambda: now)
    for number in range(5000):
        windows.hit(f"{number}", Rate(10, 10))
        now += 1
    assert len(windows._windows) <= 1024


# --- limits --------------------------------------------------------------------------------------


def test_exactly_as_many_pass_as_the_limit_says(windows: Windows) -> None:
    limiter = Throttle({"reads": TEN}, windows, SecretKey(SECRET))

    def passes(_: int) -> bool:
        try:
            limiter.hit("reads", "192.0.2.1")
        except Throttled:
            return False
        return True

    passed = [passes(number) for number in range(50)]
    assert 10 == sum(passed)
    assert all(passed[:10])
    limiter.hit("reads", "192.0.2.2")
    limiter.hit("writes", "192.0.2.1")


@pytest.mark.sentence("limits-429")
def test_who_is_refused_is_told_when_to_come_again() -> None:
    now = 0.0
    limiter = Throttle({"reads": Rate(2, 60)}, MemoryWindows(lambda: now))
    limiter.hit("reads", "a")
    now = 17.5
    limiter.hit("reads", "a")
    with pytest.raises(Throttled) as refused:
        limiter.hit("reads", "a")
    reply = problems.of(refused.value)
    assert 429 == reply.status
    assert {
        ("Content-Type", "application/problem+json"),
        ("Retry-After", "43"),
        ("RateLimit-Policy", '"reads";q=2;w=60'),
        ("RateLimit", '"reads";r=0;t=43'),
    } == set(reply.headers)
    now = 60
    limiter.hit("reads", "a")


def test_a_shared_store_learns_no_names_and_addresses(sqlite_url: str) -> None:
    windows = PatientWindows(SqlWindows(sqlite_url))
    limiter = Throttle({"reads": TEN}, windows, SecretKey(SECRET))
    limiter.hit("reads", "192.0.2.1")
    engine = create_engine(sqlite_url)
    with engine.connect() as connection:
        (stored,) = connection.scalars(text("SELECT id FROM limit_windows"))
    assert 64 == len(stored)
    assert "192" not in stored
    engine.dispose()
    limiter.close()


@pytest.mark.sentence("limits")
@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("sign_in", "sign-in-network"),
        ("login", "sign-in-network"),
        ("grant_token", "sign-in-network"),
        ("sign_up", "sign-up"),
        ("register", "sign-up"),
        ("list_posts", "reads"),
        ("get_me", "reads"),
        ("show_home", "reads"),
        ("show_feed", "reads"),
        ("create_post", None),
        ("write", None),
        ("livez", None),
        ("readyz", None),
        ("openapi", None),
    ],
)
def test_a_request_counts_to_its_sender(name: str, limit: LimitName | None) -> None:
    operations = BY_NAME | {operation.name: operation for operation in PAGES}
    asked = Asked(operations[name], client="192.0.2.1")
    for other in NAMES:
        limiter = Throttle({other: Rate(1, 60)}, MemoryWindows())
        requests.count(asked, limiter)
        if other != limit:
            requests.count(asked, limiter)
            continue
        with pytest.raises(Throttled):
            requests.count(asked, limiter)
        # A neighbour counts with it where it goes by the network.
        neighbour = replace(asked, client="192.0.2.2")
        if limit == "reads":
            requests.count(neighbour, limiter)
        else:
            with pytest.raises(Throttled):
                requests.count(neighbour, limiter)
        requests.count(replace(asked, client="198.51.100.1"), limiter)


# --- use cases -----------------------------------------------------------------------------------


def limited(storage: Storage, **rates: Rate) -> Site:
    a_site = site(storage)
    named = {name: rate for name in NAMES if (rate := rates.get(name.replace("-", "_")))}
    return replace(a_site, blog=replace(a_site.blog, limiter=Throttle(named, MemoryWindows())))


class CountingHasher(QuickHasher):
    def __init__(self) -> None:
        super().__init__()
        self.verified = 0

    def verify(self, password: str, stored: str | None) -> bool:
        self.verified += 1
        return super().verify(password, stored)


@pytest.mark.sentence("limits-account")
@pytest.mark.parametrize("username", ["ada", "ADA", "nobody", "x" * 100_000])
def test_nothing_is_hashed_after_the_limit_of_an_account(storage: Storage, username: str) -> None:
    a_site = site(storage)
    a_site.user("ada")
    a_site.user("bob")
    hasher = CountingHasher()
    limiter = Throttle({"sign-in-account": TEN}, MemoryWindows())
    blog = replace(a_site.blog, hasher=hasher, limiter=limiter)
    wrong = schemas.SignIn(username=username, password="wrong")
    attempts = (blog.sign_in, lambda sign_in: blog.open_session(ANYBODY, sign_in))
    for number in range(10):
        with pytest.raises(WrongPassword):
            attempts[number % 2](wrong)
    right = schemas.SignIn(username=username.swapcase(), password=PASSWORD)
    for attempt in attempts:
        with pytest.raises(Throttled):
            attempt(right)
    assert 10 == hasher.verified
    blog.sign_in(schemas.SignIn(username="bob", password=PASSWORD))


@pytest.mark.sentence("limits-account")
def test_guessing_the_current_password_counts_as_signing_in(storage: Storage) -> None:
    a_site = limited(storage, sign_in_account=Rate(3, 60))
    ada = a_site.user("ada")
    guess = schemas.PasswordChange(current_password="a guess", new_password="another password")
    outcomes = []
    for _ in range(3):
        try:
            a_site.blog.change_password(ada, guess)
        except Exception as error:
            outcomes.append(type(error).__name__)
    assert ["Forbidden", "Forbidden", "Throttled"] == outcomes


@pytest.mark.sentence("limits")
def test_writes_count_to_their_user_whatever_they_write_with(storage: Storage) -> None:
    a_site = limited(storage, writes=Rate(4, 60))
    blog, ada = a_site.blog, a_site.user("ada")
    browser, second = a_site.open_session("ada"), a_site.sign_in("ada")
    post = blog.create_post(ada, schemas.NewPost(title="One"))
    blog.change_me(browser, schemas.UserChanges())
    with pytest.raises(NotFound):
        blog.end_token(second, 10**9)
    blog.publish_post(ada, post.id, schemas.Publication(), Expected(any=True))
    for credentials in (ada, browser, second):
        with pytest.raises(Throttled):
            blog.create_post(credentials, schemas.NewPost(title="One too many"))
        with pytest.raises(Throttled):
            blog.delete_post(credentials, post.id, Expected(any=True))
    assert blog.get_post(ada, post.id).version == 2
    with pytest.raises(NotAuthenticated):
        blog.create_post(Credentials("wrong"), schemas.NewPost(title="Nobody's"))
    blog.create_post(a_site.user("bob"), schemas.NewPost(title="Another's"))
    # Signing out is a way out of trouble.
    blog.close_session(browser)


def test_whoever_runs_the_site_adds_users_without_a_limit(storage: Storage) -> None:
    a_site = limited(storage, sign_up=Rate(1, 60))
    for name in ("ada", "bob", "eve"):
        a_site.user(name)


# --- a store that does not answer ----------------------------------------------------------------


class Stubborn:
    """Shared windows that answer, raise or hang, as told."""

    def __init__(self) -> None:
        self.hits: Counter[tuple[str, int]] = Counter()
        self.answers = threading.Event()
        self.answers.set()
        self.raises = False
        self.asked: list[Mapping[tuple[str, int], int]] = []

    def count(
        self, asked: Mapping[tuple[str, int], int]
    ) -> dict[tuple[str, int], tuple[int, float]]:
        self.asked.append(asked)
        if not self.answers.wait(20):
            raise TimeoutError
        if self.raises:
            raise ConnectionError("it is not there")
        self.hits.update(asked)
        return {each: (self.hits[each], float(each[1])) for each in asked}

    def close(self) -> None:
        self.answers.set()


@pytest.fixture
def stubborn() -> Iterator[tuple[Stubborn, PatientWindows]]:
    store = Stubborn()
    windows = PatientWindows(store)
    yield store, windows
    store.answers.set()
    windows.close()


def soon(is_so: Callable[[], bool]) -> bool:
    """Whether it comes to be so, given all the time there is."""
    deadline = time.monotonic() + 10
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_so()


MANY = Rate(1000, 60)


@pytest.mark.parametrize("fault", ["hangs", "raises"])
def test_while_the_store_is_down_the_process_counts_for_itself(
    stubborn: tuple[Stubborn, PatientWindows],
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(patience, "RETRY_AFTER", 3600.0)
    store, windows = stubborn
    assert [1, 2] == [windows.hit("a", MANY)[0] for _ in range(2)]
    if fault == "hangs":
        store.answers.clear()
    else:
        store.raises = True
    # From what it knows of the shared count.
    assert list(range(3, 53)) == [windows.hit("a", MANY)[0] for _ in range(50)]
    assert 1 == windows.hit("b", MANY)[0]
    # One request has waited for it: the others were not made to.
    assert 3 == len(store.asked)
    (line,) = [record.getMessage() for record in caplog.records]
    why = "no answer within 50 ms" if fault == "hangs" else "it is not there"
    assert f"limits: each process counts for itself, the store fails: {why}" == line


def test_an_answer_that_comes_late_counts(
    stubborn: tuple[Stubborn, PatientWindows], caplog: pytest.LogCaptureFixture
) -> None:
    store, windows = stubborn
    store.hits["a", 60] = 8
    store.answers.clear()
    assert 1 == windows.hit("a", TEN)[0]
    store.answers.set()
    assert soon(lambda: not windows._down)
    # The ninth was the one that did not wait: the store has counted it too.
    assert [10, 11] == [windows.hit("a", TEN)[0] for _ in range(2)]
    assert caplog.messages[-1] == "limits: the store answers again"
    assert 2 == len(caplog.messages)


def test_a_window_that_is_full_is_not_asked_for_again(
    stubborn: tuple[Stubborn, PatientWindows],
) -> None:
    store, windows = stubborn
    store.hits["a", 60] = 12
    assert 13 == windows.hit("a", TEN)[0]
    assert all(10 < windows.hit("a", TEN)[0] for _ in range(50))
    assert 1 == windows.hit("b", TEN)[0]
    assert [{("a", 60): 1}, {("b", 60): 1}] == store.asked


def test_a_store_that_has_lost_its_windows_is_believed(
    stubborn: tuple[Stubborn, PatientWindows],
) -> None:
    store, windows = stubborn
    assert [1, 2, 3] == [windows.hit("a", TEN)[0] for _ in range(3)]
    store.hits.clear()
    assert [1, 2] == [windows.hit("a", TEN)[0] for _ in range(2)]


def test_who_comes_while_the_store_is_asked_is_asked_for_together(
    stubborn: tuple[Stubborn, PatientWindows], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 1000)
    store, windows = stubborn
    store.answers.clear()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(windows.hit, "a", TEN)
        assert soon(lambda: len(store.asked) == 1)
        others = [pool.submit(windows.hit, key, TEN) for key in "aaabbbbb"]
        assert soon(lambda: windows._waiting.qsize() == 8)
        store.answers.set()
        hits = [other.result()[0] for other in others]
    assert 1 == first.result()[0]
    assert [2, 3, 4, 1, 2, 3, 4, 5] == sorted(hits[:3]) + sorted(hits[3:])
    assert [{("a", 60): 1}, {("a", 60): 3, ("b", 60): 5}] == store.asked


@pytest.mark.parametrize("fault", ["hangs", "raises"])
def test_the_store_counts_again_once_it_is_back(
    stubborn: tuple[Stubborn, PatientWindows], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "RETRY_AFTER", 0.01)
    store, windows = stubborn
    windows.hit("a", TEN)
    if fault == "hangs":
        store.answers.clear()
    else:
        store.raises = True
    assert 2 == windows.hit("a", TEN)[0]
    store.answers.set()
    store.raises = False

    def is_back() -> bool:
        windows.hit("b", MANY)
        return not windows._down

    assert soon(is_back)
    store.hits["a", 60] = 6
    assert 7 == windows.hit("a", TEN)[0]


def test_a_store_is_connected_before_the_first_request(
    stubborn: tuple[Stubborn, PatientWindows],
) -> None:
    store, windows = stubborn
    windows.prepare()
    assert soon(lambda: len(store.asked) == 1)
    assert 1 == windows.hit("a", TEN)[0]


def test_a_server_that_has_prepared_may_fork(
    stubborn: tuple[Stubborn, PatientWindows],
) -> None:
    # What is locked inside the store while it is asked would stay so in the new process.
    store, windows = stubborn
    store.answers.clear()
    with ThreadPoolExecutor(1) as pool:
        prepared = pool.submit(windows.prepare)
        assert soon(lambda: len(store.asked) == 1)
        with pytest.raises(TimeoutError):
            prepared.result(0.1)
        store.answers.set()
        prepared.result(10)


def test_a_server_starts_though_the_store_hangs(
    stubborn: tuple[Stubborn, PatientWindows], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PREPARED_WITHIN", 0.01)
    store, windows = stubborn
    store.answers.clear()
    windows.prepare()
    assert [1, 2] == [windows.hit("a", TEN)[0] for _ in range(2)]


def test_nobody_waits_for_a_store_that_was_closed(
    stubborn: tuple[Stubborn, PatientWindows],
) -> None:
    store, windows = stubborn
    store.answers.clear()
    with ThreadPoolExecutor(1) as pool:
        windows._ask(patience._look())
        assert soon(lambda: len(store.asked) == 1)
        windows._waiting.put(None)
        last = pool.submit(windows.hit, "a", TEN)
        store.answers.set()
        assert 1 == last.result(10)[0]


FORK = """
import os, sys
from blog_core.security import patience
from blog_core.security.patience import PatientWindows
from blog_core.settings import Rate
from blog_core.storage.windows import RedisWindows, SqlWindows

url, rate, patience.PATIENCE = sys.argv[1], Rate(1000, 600), 1000
windows = PatientWindows(RedisWindows(url) if url.startswith("redis") else SqlWindows(url))
found = [windows.hit("a", rate)[0]]
child = os.fork()
found += [windows.hit("a", rate)[0] for _ in range(20)]
if child == 0:
    print(*found[1:], flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
found.append(windows.hit("a", rate)[0])
print(*found)
windows.close()
"""


def test_a_server_may_fork_after_it_has_asked(store_url: str) -> None:
    # From Python 3.12 on a fork beside threads is warned of: a server does it nevertheless.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK, store_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    assert list(range(1, 43)) == sorted(map(int, done.stdout.split()))


@pytest.mark.sentence("limits-store")
def test_redis_may_be_killed_frozen_and_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "RETRY_AFTER", 0.05)
    with RedisServer(tmp_path) as server:
        settings = Settings(limits_store=server.url, limit_reads=Rate(3, 3600))
        blog = build(settings)
        assert isinstance(blog.limiter, Throttle)
        windows = blog.limiter._windows
        assert isinstance(windows, PatientWindows)

        def passed(who: str, times: int = 6) -> int:
            found = 0
            for _ in range(times):
                try:
                    blog.limiter.hit("reads", who)
                except Throttled:
                    continue
                found += 1
            return found

        assert 2 == passed("flushed", 2)
        server.flush()
        assert 3 == passed("flushed")  # the store knows nothing, and is believed
        server.flush()
        assert 0 == passed("flushed")  # what was full stays full
        assert 1 == passed("frozen", 1)
        server.freeze()
        assert 2 == passed("frozen")  # with what the process knows
        assert 3 == passed("another")  # of this process's own
        assert 0 == passed("another")
        server.thaw()
        assert soon(lambda: passed(f"back {time.monotonic()}") == 3 and not windows._down)
        assert 0 == passed("another")
        assert 1 == passed("killed", 1)
        server.kill()
        assert 2 == passed("killed")
        assert 3 == passed("a third")
        blog.close()


def test_a_database_of_limits_that_is_locked_holds_no_request_up(sqlite_url: str) -> None:
    blog = build(
        Settings(database_url=sqlite_url, limits_store="database", limit_reads=Rate(5, 3600))
    )
    blog.limiter.hit("reads", "a")
    engine = create_engine(sqlite_url)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        for _ in range(4):
            blog.limiter.hit("reads", "a")
        with pytest.raises(Throttled):
            blog.limiter.hit("reads", "a")
        connection.exec_driver_sql("ROLLBACK")
    engine.dispose()
    blog.close()

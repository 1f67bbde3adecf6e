"""Turns at the database: so many at once, and nobody waits in vain."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from blog_core.domain.errors import NotFound, Unavailable
from blog_core.storage import engine
from blog_core.storage.engine import LOOK, QUEUE, STANDSTILL, TURN, Turns
from blog_core.storage.repositories import SqlStorage


def test_so_many_have_their_turn_at_once_and_all_get_one() -> None:
    turns, lock, there, most = Turns(2), threading.Lock(), 0, 0

    def use(_: int) -> None:
        nonlocal there, most
        turns.take()
        with lock:
            there += 1
            most = max(most, there)
        time.sleep(0.005)
        with lock:
            there -= 1
        turns.give(None)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(use, range(60)))
    assert 2 == most


def test_who_waits_too_long_is_refused() -> None:
    turns = Turns(1)
    turns.take()
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        turns.take()
    assert 0.99 * TURN * LOOK <= time.monotonic() - begun
    turns.give(None)
    turns.take()


def test_who_has_waited_in_one_queue_waits_so_much_less_in_the_next() -> None:
    first, second = Turns(1), Turns(1)
    assert TURN == first.take()
    second.take()
    threading.Timer(4 * LOOK, first.give, [None]).start()
    begun = time.monotonic()
    left = first.take()
    assert 0 < left <= TURN - 4
    with pytest.raises(Unavailable):
        second.take(left)
    assert 0.99 * TURN * LOOK <= LOOK + time.monotonic() - begun
    with pytest.raises(Unavailable):
        second.take(0)


@pytest.fixture
def stuck() -> Iterator[tuple[Turns, list[threading.Thread]]]:
    """Nobody gives their turn back, and as many wait for it as may."""
    turns = Turns(1)
    turns.take()

    def wait() -> None:
        with pytest.raises(Unavailable):
            turns.take()

    threads = [threading.Thread(target=wait) for _ in range(QUEUE)]
    for thread in threads:
        thread.start()
    yield turns, threads
    for thread in threads:
        thread.join()


def test_where_nothing_moves_only_so_many_wait(
    stuck: tuple[Turns, list[threading.Thread]],
) -> None:
    turns, threads = stuck
    deadline = time.monotonic() + TURN * LOOK
    while turns._looks < STANDSTILL and time.monotonic() < deadline:
        time.sleep(LOOK / 10)
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        turns.take()
    assert any(thread.is_alive() for thread in threads) or time.monotonic() - begun < LOOK


@pytest.mark.parametrize(("error", "moves"), [(None, True), (NotFound(), True), (OSError(), False)])
def test_what_the_database_answered_says_that_it_moves(
    error: BaseException | None, moves: bool
) -> None:
    turns = Turns(1)
    turns.take()
    turns._looks = STANDSTILL
    turns.give(error)
    assert moves == (turns._looks == 0)


@pytest.mark.sentence("status-503")
@pytest.mark.parametrize("driver", ["postgresql+psycopg", "mariadb+pymysql"])
def test_a_database_that_says_nothing_is_unavailable(driver: str) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        storage = SqlStorage(f"{driver}://blog@127.0.0.1:{silent.getsockname()[1]}/blog")
        begun = time.monotonic()
        with pytest.raises(Unavailable), storage.reading():
            pytest.fail("the block must not begin")
        took = time.monotonic() - begun
        storage.close()
    assert engine.LOCK_TIMEOUT <= took + 0.1
    # Without an end of its own it would not end at all; a busy machine may take its time.
    assert took < 10 * engine.PATIENCE

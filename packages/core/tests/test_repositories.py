"""The promises of the ports, on every storage."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from blog_core.domain.errors import KeyInUse, Stale, Taken
from blog_core.domain.instants import format_instant
from blog_core.domain.posts import BlogPost
from blog_core.domain.users import User
from blog_core.ports import (
    Caller,
    PostFilter,
    Proof,
    Repositories,
    SignInUnderWay,
    Storage,
    StoredAnswer,
    StoredPassword,
    Window,
)
from blog_core.storage.repositories import FORGOTTEN

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
DAY = timedelta(days=1)


def new_user(name: str = "ada", **changes: object) -> User:
    user = User(username=name, email=f"{name}@blog.example", password="a hash", joined=NOW)
    for field, value in changes.items():
        setattr(user, field, value)
    return user


def new_post(
    author: User, *, pub_date: datetime | None = NOW, title: str = "A title", content: str = ""
) -> BlogPost:
    return BlogPost(
        author_id=author.id, title=title, content=content, pub_date=pub_date, created=NOW
    )


def add_user(storage: Storage, name: str = "ada", **changes: object) -> User:
    user = new_user(name, **changes)
    with storage.writing() as repositories:
        repositories.users.add(user)
    return user


def add_posts(storage: Storage, *posts: BlogPost) -> list[int]:
    with storage.writing() as repositories:
        for post in posts:
            repositories.posts.add(post)
    return [post.id for post in posts]


def as_caller(user: User) -> Caller:
    return Caller(user.id, user.is_staff, 0)


def found(
    storage: Storage,
    wanted: PostFilter,
    *,
    limit: int = 100,
    after: tuple[str | int, ...] | None = None,
    backward: bool = False,
) -> list[int]:
    with storage.reading() as repositories:
        page = repositories.posts.page(wanted, Window(limit, after, backward), NOW)
    return [post.id for post in page]


def found_soon(storage: Storage, wanted: PostFilter) -> list[int]:
    """What is found once anything is: while MariaDB writes its index of words, nothing may be."""
    deadline = time.monotonic() + 10
    while not (ids := found(storage, wanted)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return ids


# --- transactions --------------------------------------------------------------------------------


def test_what_a_block_writes_is_there_for_the_next(storage: Storage) -> None:
    user = add_user(storage)
    with storage.reading() as repositories:
        shown = repositories.users.view("ada")
    assert shown is not None
    assert (user.id, "ada", format_instant(NOW)) == (shown.id, shown.username, shown.joined)


def test_a_block_that_raises_leaves_nothing_behind(storage: Storage) -> None:
    def fail(repositories: Repositories) -> None:
        user = new_user()
        repositories.users.add(user)
        repositories.posts.add(new_post(user))
        repositories.tokens.add(user.id, "digest", NOW, NOW + DAY)
        repositories.keys.claim("key", "fingerprint", NOW, NOW - DAY)
        raise LookupError

    with pytest.raises(LookupError), storage.writing() as repositories:
        fail(repositories)
    with storage.reading() as repositories:
        assert repositories.users.page(Window(10)) == []
        assert repositories.posts.page(PostFilter("published"), Window(10), NOW) == []
        assert repositories.tokens.caller("digest", NOW) is None
        assert repositories.keys.find("key", NOW - DAY) is None


def test_a_block_reads_what_it_has_written(storage: Storage) -> None:
    with storage.writing() as repositories:
        user = new_user()
        repositories.users.add(user)
        assert repositories.users.view_own(user.id) is not None


# --- users ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "email", "fields"),
    [
        ("ADA", "new@blog.example", ("username",)),
        ("new", "Ada@Blog.Example", ("email",)),
        ("Ada", "ADA@blog.example", ("username", "email")),
    ],
)
def test_names_are_unique_without_regard_to_case(
    storage: Storage, name: str, email: str, fields: tuple[str, ...]
) -> None:
    add_user(storage)
    taker = new_user(name)
    taker.change_email(email)
    with pytest.raises(Taken) as taken, storage.writing() as repositories:
        repositories.users.add(taker)
    assert fields == taken.value.fields


def test_a_rename_to_a_taken_name_is_refused_and_undone(storage: Storage) -> None:
    add_user(storage)
    bob = add_user(storage, "bob")

    def rename(repositories: Repositories) -> None:
        user = repositories.users.get(bob.id)
        assert user is not None
        user.rename("Ada")
        repositories.users.save(user)

    with pytest.raises(Taken) as taken, storage.writing() as repositories:
        rename(repositories)
    assert ("username",) == taken.value.fields
    with storage.reading() as repositories:
        assert repositories.users.view("bob") is not None


def test_a_user_may_change_the_case_of_their_own_name(storage: Storage) -> None:
    ada = add_user(storage)
    with storage.writing() as repositories:
        user = repositories.users.get(ada.id)
        assert user is not None
        user.rename("ADA")
        repositories.users.save(user)
    with storage.reading() as repositories:
        shown = repositories.users.view("ada")
    assert shown is not None
    assert shown.username == "ADA"


def test_a_user_takes_posts_and_tokens_along(storage: Storage) -> None:
    ada, bob = add_user(storage), add_user(storage, "bob")
    theirs, others = add_posts(storage, new_post(ada), new_post(bob))
    with storage.writing() as repositories:
        repositories.tokens.add(ada.id, "digest", NOW, NOW + DAY)
        repositories.sessions.add(ada.id, "digest", NOW, NOW + DAY, "")
        user = repositories.users.get(ada.id)
        assert user is not None
        repositories.users.remove(user)
    with storage.reading() as repositories:
        assert repositories.users.view("ada") is None
        assert repositories.posts.view(theirs, None, NOW) is None
        assert repositories.posts.view(others, None, NOW) is not None
        assert repositories.tokens.caller("digest", NOW) is None
        assert repositories.sessions.caller("digest", NOW) is None


@pytest.mark.sentence("ids")
def test_the_id_of_what_is_gone_is_never_given_again(storage: Storage) -> None:
    gone = add_user(storage)
    with storage.writing() as repositories:
        user = repositories.users.get(gone.id)
        assert user is not None
        repositories.users.remove(user)
    assert add_user(storage, "bob").id > gone.id


def test_a_disabled_user_is_not_shown_and_has_no_password(storage: Storage) -> None:
    ada = add_user(storage, is_active=False)
    with storage.writing() as repositories:
        users = repositories.users
        assert users.view("ada") is None
        assert users.page(Window(10)) == []
        assert users.password_by_name("ada") is None
        assert users.password_of(ada.id) is None
        assert not users.replace_password(StoredPassword(ada.id, "a hash"), "new")


@pytest.mark.sentence("rehash")
def test_a_password_is_replaced_only_while_the_old_one_stands(storage: Storage) -> None:
    ada = add_user(storage)
    stored = StoredPassword(ada.id, "a hash")
    with storage.writing() as repositories:
        assert repositories.users.replace_password(stored, "first")
    with storage.writing() as repositories:
        assert not repositories.users.replace_password(stored, "second")
        assert repositories.users.password_of(ada.id) == StoredPassword(ada.id, "first")


def test_a_password_may_be_replaced_by_itself(storage: Storage) -> None:
    ada = add_user(storage)
    with storage.writing() as repositories:
        assert repositories.users.replace_password(StoredPassword(ada.id, "a hash"), "a hash")


def test_users_are_listed_by_id_both_ways(storage: Storage) -> None:
    ids = [add_user(storage, name).id for name in ("a", "b", "c", "d")]
    with storage.reading() as repositories:
        page = repositories.users.page

        def listed(window: Window) -> list[int]:
            return [user.id for user in page(window)]

        assert ids[:2] == listed(Window(2))
        assert ids[2:] == listed(Window(3, (ids[1],)))
        assert [ids[1], ids[0]] == listed(Window(3, (ids[2],), backward=True))
        assert [] == listed(Window(3, (ids[3],)))


# --- posts ---------------------------------------------------------------------------------------


def test_a_post_comes_back_as_it_was_put(storage: Storage) -> None:
    ada = add_user(storage)
    text = "Größe 🐍\r\n\t漢字 \u202e end"
    (post_id,) = add_posts(storage, new_post(ada, title="Ä 🐍", content=text))
    with storage.reading() as repositories:
        post = repositories.posts.view(post_id, None, NOW)
    assert post is not None
    assert ("Ä 🐍", text, 1) == (post.title, post.content, post.version)
    instants = (post.pub_date, post.created, post.updated)
    assert (format_instant(NOW),) * 3 == instants


def test_instants_keep_their_microseconds_up_to_the_last_year(storage: Storage) -> None:
    ada = add_user(storage)
    last = datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    (post_id,) = add_posts(storage, new_post(ada, pub_date=last))
    with storage.writing() as repositories:
        shown = repositories.posts.view(post_id, as_caller(ada), NOW)
        loaded = repositories.posts.get(post_id, as_caller(ada), NOW)
    assert shown is not None
    assert loaded is not None
    assert shown.pub_date == "9998-12-31T23:59:59.999999Z"
    assert last == loaded.pub_date


@pytest.mark.parametrize("pub_date", [None, NOW + timedelta(microseconds=1)])
def test_an_unpublished_post_is_seen_by_its_author_and_staff(
    storage: Storage, pub_date: datetime | None
) -> None:
    ada, bob = add_user(storage), add_user(storage, "bob")
    staff = add_user(storage, "staff", is_staff=True)
    (post_id,) = add_posts(storage, new_post(ada, pub_date=pub_date))
    with storage.writing() as repositories:
        posts = repositories.posts
        assert posts.view(post_id, None, NOW) is None
        assert posts.view(post_id, as_caller(bob), NOW) is None
        assert posts.get(post_id, as_caller(bob), NOW) is None
        for caller in (as_caller(ada), as_caller(staff)):
            assert posts.view(post_id, caller, NOW) is not None
            assert posts.get(post_id, caller, NOW) is not None


def test_a_post_turns_published_at_its_instant(storage: Storage) -> None:
    ada = add_user(storage)
    (post_id,) = add_posts(storage, new_post(ada, pub_date=NOW + DAY))
    with storage.reading() as repositories:
        posts = repositories.posts
        before = posts.view(post_id, as_caller(ada), NOW)
        after = posts.view(post_id, None, NOW + DAY)
        assert posts.page(PostFilter("published"), Window(9), NOW) == []
        assert len(posts.page(PostFilter("published"), Window(9), NOW + DAY)) == 1
    assert before is not None
    assert after is not None
    assert ("scheduled", "published") == (before.status, after.status)


def test_an_edit_is_written_with_its_version(storage: Storage) -> None:
    ada = add_user(storage)
    (post_id,) = add_posts(storage, new_post(ada))
    with storage.writing() as repositories:
        post = repositories.posts.get(post_id, as_caller(ada), NOW)
        assert post is not None
        post.edit(title="Other", content="words", pub_date=None, now=NOW + DAY)
        repositories.posts.save(post)
        assert repositories.posts.view(post_id, None, NOW) is None
    with storage.reading() as repositories:
        shown = repositories.posts.view(post_id, as_caller(ada), NOW)
    assert shown is not None
    assert ("Other", "words", None, 2) == (
        shown.title,
        shown.content,
        shown.pub_date,
        shown.version,
    )
    assert format_instant(NOW + DAY) == shown.updated


def test_an_edit_of_a_post_that_is_gone_is_stale(storage: Storage) -> None:
    ada = add_user(storage)
    (post_id,) = add_posts(storage, new_post(ada))

    def edit_too_late(repositories: Repositories) -> None:
        post = repositories.posts.get(post_id, as_caller(ada), NOW)
        user = repositories.users.get(ada.id)
        assert post is not None
        assert user is not None
        repositories.users.remove(user)
        post.publish(NOW + DAY, NOW)
        repositories.posts.save(post)

    with pytest.raises(Stale), storage.writing() as repositories:
        edit_too_late(repositories)


def test_the_removal_of_a_post_that_is_gone_is_stale(storage: Storage) -> None:
    ada = add_user(storage)
    (post_id,) = add_posts(storage, new_post(ada))

    def remove_too_late(repositories: Repositories) -> None:
        post = repositories.posts.get(post_id, as_caller(ada), NOW)
        user = repositories.users.get(ada.id)
        assert post is not None
        assert user is not None
        repositories.users.remove(user)
        repositories.posts.remove(post)

    with pytest.raises(Stale), storage.writing() as repositories:
        remove_too_late(repositories)


def test_an_untouched_post_is_saved_as_it_is(storage: Storage) -> None:
    ada = add_user(storage)
    (post_id,) = add_posts(storage, new_post(ada))
    with storage.writing() as repositories:
        post = repositories.posts.get(post_id, as_caller(ada), NOW)
        assert post is not None
        assert not post.publish(None, NOW)
        repositories.posts.save(post)
        shown = repositories.posts.view(post_id, None, NOW)
    assert shown is not None
    assert shown.version == 1


def test_published_posts_are_listed_by_date_and_id(storage: Storage) -> None:
    ada = add_user(storage)
    dates = [NOW, NOW - DAY, NOW, None, NOW + DAY]
    a, b, c, _, _ = add_posts(storage, *(new_post(ada, pub_date=date) for date in dates))
    newest, oldest = PostFilter("published"), PostFilter("published", newest_first=False)
    assert [c, a, b] == found(storage, newest)
    assert [b, a, c] == found(storage, oldest)
    assert [c, a] == found(storage, newest, limit=2)
    beyond = (format_instant(NOW), a)
    assert [b] == found(storage, newest, after=beyond)
    assert [c] == found(storage, newest, after=beyond, backward=True)
    assert [c] == found(storage, oldest, after=beyond)
    assert [b] == found(storage, oldest, after=beyond, backward=True)


def test_a_window_begins_where_an_item_was(storage: Storage) -> None:
    ada = add_user(storage)
    a, b, c = add_posts(storage, *(new_post(ada) for _ in range(3)))
    with storage.writing() as repositories:
        post = repositories.posts.get(b, as_caller(ada), NOW)
        assert post is not None
        repositories.posts.remove(post)
    assert [a] == found(storage, PostFilter("published"), after=(format_instant(NOW), b))
    before = (format_instant(NOW), b)
    assert [c] == found(storage, PostFilter("published"), after=before, backward=True)


def test_backwards_no_scheduled_post_slips_into_the_published(storage: Storage) -> None:
    ada = add_user(storage)
    a, _ = add_posts(storage, new_post(ada), new_post(ada, pub_date=NOW + DAY))
    beyond = (format_instant(NOW - DAY), a)
    assert [a] == found(storage, PostFilter("published"), after=beyond, backward=True)
    oldest = PostFilter("published", newest_first=False)
    assert [a] == found(storage, oldest, after=beyond)


def test_own_lists_hold_ones_own_posts_of_that_status(storage: Storage) -> None:
    ada, bob = add_user(storage), add_user(storage, "bob")
    draft, scheduled, _, _, _ = add_posts(
        storage,
        new_post(ada, pub_date=None),
        new_post(ada, pub_date=NOW + DAY),
        new_post(ada),
        new_post(bob, pub_date=None),
        new_post(bob, pub_date=NOW + DAY),
    )
    assert [draft] == found(storage, PostFilter("draft", author_id=ada.id))
    assert [scheduled] == found(storage, PostFilter("scheduled", author_id=ada.id))
    assert [] == found(storage, PostFilter("draft", author_id=ada.id, author_key="bob"))


def test_an_author_nobody_has_wrote_nothing(storage: Storage) -> None:
    ada = add_user(storage)
    (post_id,) = add_posts(storage, new_post(ada))
    assert [post_id] == found(storage, PostFilter("published", author_key="ada"))
    assert [] == found(storage, PostFilter("published", author_key="nobody"))


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        (("snake",), True),
        (("strasse", "snake"), True),
        (("snak",), False),
        (("nake",), False),
        (("snake", "absent"), False),
        (("漢",), True),
        (("字", "漢"), True),
        (("αθηνας",), False),
        (("αθηνασ",), True),
        (("æon",), True),
        (("aeon",), False),
        (("smørrebrød",), True),
        (("smorrebrod",), False),
        (("a" * 200,), False),
        ((), False),
    ],
)
def test_a_search_finds_whole_words_of_title_and_content(
    storage: Storage, words: tuple[str, ...], finds: bool
) -> None:
    ada = add_user(storage)
    content = "Straße, 漢字 ΑΘΗΝΑΣ Æon smørrebrød: it's 100% a_b"
    (post_id,) = add_posts(storage, new_post(ada, title="Snake", content=content))
    expected = [post_id] if finds else []
    assert expected == found(storage, PostFilter("published", words=words))


def test_a_search_follows_edits(storage: Storage) -> None:
    ada = add_user(storage)
    (post_id,) = add_posts(storage, new_post(ada, title="before"))
    with storage.writing() as repositories:
        post = repositories.posts.get(post_id, as_caller(ada), NOW)
        assert post is not None
        post.edit(title="after", content="", pub_date=NOW, now=NOW)
        repositories.posts.save(post)
    assert [] == found(storage, PostFilter("published", words=("before",)))
    assert [post_id] == found(storage, PostFilter("published", words=("after",)))


@pytest.mark.parametrize("letter", ["a", "é", "漢", "𝒳", "ﷺ", "ﬃ"])
def test_a_post_may_be_one_word_as_long_as_a_post_can_be(storage: Storage, letter: str) -> None:
    ada = add_user(storage)
    (post_id,) = add_posts(storage, new_post(ada, title="endless", content=letter * 100_000))
    assert [post_id] == found_soon(storage, PostFilter("published", words=("endless",)))


def test_a_post_may_hold_as_many_words_as_fit(storage: Storage) -> None:
    ada = add_user(storage)
    content = " ".join(chr(0x20000 + number) + f"{number}" for number in range(14_000))
    (post_id,) = add_posts(storage, new_post(ada, content=content[:100_000]))
    assert [post_id] == found_soon(storage, PostFilter("published", words=("12345",)))


# --- tokens --------------------------------------------------------------------------------------


def test_a_token_is_good_until_it_expires(storage: Storage) -> None:
    ada = add_user(storage, is_staff=True)
    with storage.writing() as repositories:
        token_id = repositories.tokens.add(ada.id, "digest", NOW, NOW + DAY)
    with storage.reading() as repositories:
        tokens = repositories.tokens
        last = NOW + DAY - timedelta(microseconds=1)
        assert tokens.caller("digest", last) == Caller(ada.id, True, token_id)
        assert tokens.caller("digest", NOW + DAY) is None
        assert tokens.caller("DIGEST", NOW) is None
        assert [token_id] == [token.id for token in tokens.page(ada.id, Window(9), last)]
        assert tokens.page(ada.id, Window(9), NOW + DAY) == []


def test_the_token_of_a_disabled_user_is_not_good(storage: Storage) -> None:
    ada = add_user(storage, is_active=False)
    with storage.writing() as repositories:
        repositories.tokens.add(ada.id, "digest", NOW, NOW + DAY)
        assert repositories.tokens.caller("digest", NOW) is None


def test_only_ones_own_token_is_removed(storage: Storage) -> None:
    ada, bob = add_user(storage), add_user(storage, "bob")
    with storage.writing() as repositories:
        tokens = repositories.tokens
        token_id = tokens.add(ada.id, "digest", NOW, NOW + DAY)
        assert not tokens.remove(bob.id, token_id)
        assert tokens.remove(ada.id, token_id)
        assert not tokens.remove(ada.id, token_id)


def test_the_others_are_a_users_own(storage: Storage) -> None:
    ada, bob = add_user(storage), add_user(storage, "bob")
    with storage.writing() as repositories:
        tokens = repositories.tokens
        kept = tokens.add(ada.id, "kept", NOW, NOW + DAY)
        tokens.add(ada.id, "ended", NOW, NOW + DAY)
        tokens.add(bob.id, "of bob", NOW, NOW + DAY)
        tokens.remove_others(ada.id, kept)
        good = [digest for digest in ("kept", "ended", "of bob") if tokens.caller(digest, NOW)]
    assert ["kept", "of bob"] == good


def test_tokens_are_listed_newest_first_both_ways(storage: Storage) -> None:
    ada = add_user(storage)
    with storage.writing() as repositories:
        tokens = repositories.tokens
        a, b, c = [tokens.add(ada.id, f"{number}", NOW, NOW + DAY) for number in range(3)]

        def listed(window: Window) -> list[int]:
            return [token.id for token in tokens.page(ada.id, window, NOW)]

        assert [c, b] == listed(Window(2))
        assert [a] == listed(Window(2, (b,)))
        assert [c] == listed(Window(2, (b,), backward=True))


# --- sessions ------------------------------------------------------------------------------------


def test_a_session_is_good_until_it_expires(storage: Storage) -> None:
    ada = add_user(storage, is_staff=True)
    with storage.writing() as repositories:
        session_id = repositories.sessions.add(ada.id, "digest", NOW, NOW + DAY, "A browser")
    with storage.reading() as repositories:
        sessions = repositories.sessions
        last = NOW + DAY - timedelta(microseconds=1)
        assert sessions.caller("digest", last) == Caller(ada.id, True, session_id=session_id)
        assert sessions.caller("digest", NOW + DAY) is None
        assert sessions.caller("DIGEST", NOW) is None
        (shown,) = sessions.page(ada.id, Window(9), last)
        assert (session_id, "A browser") == (shown.id, shown.browser)
        assert (format_instant(NOW), format_instant(NOW + DAY)) == (shown.created, shown.expires)
        assert sessions.page(ada.id, Window(9), NOW + DAY) == []


def test_the_session_of_a_disabled_user_is_not_good(storage: Storage) -> None:
    ada = add_user(storage, is_active=False)
    with storage.writing() as repositories:
        repositories.sessions.add(ada.id, "digest", NOW, NOW + DAY, "")
        assert repositories.sessions.caller("digest", NOW) is None


def test_a_token_is_no_session_and_a_session_no_token(storage: Storage) -> None:
    ada = add_user(storage)
    with storage.writing() as repositories:
        repositories.tokens.add(ada.id, "of a token", NOW, NOW + DAY)
        repositories.sessions.add(ada.id, "of a session", NOW, NOW + DAY, "")
        assert repositories.tokens.caller("of a session", NOW) is None
        assert repositories.sessions.caller("of a token", NOW) is None


def test_a_session_ends_by_its_owner_or_its_digest(storage: Storage) -> None:
    ada, bob = add_user(storage), add_user(storage, "bob")
    with storage.writing() as repositories:
        sessions = repositories.sessions
        first = sessions.add(ada.id, "first", NOW, NOW + DAY, "")
        sessions.add(ada.id, "second", NOW, NOW + DAY, "")
        assert not sessions.remove(bob.id, first)
        assert sessions.remove(ada.id, first)
        assert not sessions.remove(ada.id, first)
        sessions.remove_digest("second")
        sessions.remove_digest("made up")
        assert [] == sessions.page(ada.id, Window(9), NOW)


@pytest.mark.parametrize("keep", [True, False])
def test_the_other_sessions_are_a_users_own(storage: Storage, keep: bool) -> None:
    ada, bob = add_user(storage), add_user(storage, "bob")
    with storage.writing() as repositories:
        sessions = repositories.sessions
        kept = sessions.add(ada.id, "kept", NOW, NOW + DAY, "")
        sessions.add(ada.id, "ended", NOW, NOW + DAY, "")
        sessions.add(bob.id, "of bob", NOW, NOW + DAY, "")
        sessions.remove_others(ada.id, kept if keep else None)
        good = [name for name in ("kept", "ended", "of bob") if sessions.caller(name, NOW)]
    assert (["kept"] if keep else []) + ["of bob"] == good


def test_a_new_session_forgets_the_users_expired_ones(storage: Storage) -> None:
    ada, bob = add_user(storage), add_user(storage, "bob")
    with storage.writing() as repositories:
        sessions = repositories.sessions
        for user in (ada, bob):
            sessions.add(user.id, f"old of {user.username}", NOW, NOW + DAY, "")
        sessions.add(ada.id, "good", NOW, NOW + 2 * DAY, "")
        sessions.add(ada.id, "new", NOW + DAY, NOW + 2 * DAY, "")
        kept = [name for name in ("old of ada", "old of bob", "good") if sessions.caller(name, NOW)]
    assert ["old of bob", "good"] == kept


def test_sessions_are_listed_newest_first_both_ways(storage: Storage) -> None:
    ada = add_user(storage)
    with storage.writing() as repositories:
        sessions = repositories.sessions
        a, b, c = [sessions.add(ada.id, f"{n}", NOW, NOW + DAY, "") for n in range(3)]

        def listed(window: Window) -> list[int]:
            return [session.id for session in sessions.page(ada.id, window, NOW)]

        assert [c, b] == listed(Window(2))
        assert [a] == listed(Window(2, (b,)))
        assert [c] == listed(Window(2, (b,), backward=True))


# --- idempotency keys ----------------------------------------------------------------------------


def test_a_key_keeps_its_answer_until_it_is_too_old(storage: Storage) -> None:
    with storage.writing() as repositories:
        repositories.keys.claim("key", "fingerprint", NOW, NOW - DAY)
        repositories.keys.answer("key", b"\x00answer\xff")
    with storage.reading() as repositories:
        keys = repositories.keys
        assert keys.find("key", NOW) == StoredAnswer("fingerprint", b"\x00answer\xff")
        assert keys.find("key", NOW + timedelta(microseconds=1)) is None
        assert keys.find("KEY", NOW) is None


def test_a_claimed_key_is_in_use(storage: Storage) -> None:
    with storage.writing() as repositories:
        repositories.keys.claim("key", "fingerprint", NOW, NOW - DAY)
    with pytest.raises(KeyInUse), storage.writing() as repositories:
        repositories.keys.claim("key", "other", NOW + DAY, NOW)


def test_a_key_is_free_again_however_many_others_are_old(storage: Storage) -> None:
    keys = [f"{number:064}" for number in range(FORGOTTEN + 50)]
    with storage.writing() as repositories:
        for key in keys:
            repositories.keys.claim(key, "fingerprint", NOW, NOW - DAY)
    later = NOW + DAY + timedelta(microseconds=1)
    with storage.writing() as repositories:
        repositories.keys.claim(keys[-1], "other", later, later - DAY)
        assert repositories.keys.find(keys[-1], later - DAY) == StoredAnswer("other", b"")


def test_a_claim_forgets_old_keys(storage: Storage) -> None:
    with storage.writing() as repositories:
        repositories.keys.claim("key", "fingerprint", NOW, NOW - DAY)
        repositories.keys.answer("key", b"old")
    with storage.writing() as repositories:
        later = NOW + timedelta(microseconds=1)
        repositories.keys.claim("key", "other", later + DAY, later)
        assert repositories.keys.find("key", later) == StoredAnswer("other", b"")


# --- signing in with a provider ------------------------------------------------------------------

PROOF = Proof("https://login.example", "a subject", "ada", "ada@blog.example")


def test_a_sign_in_under_way_is_kept_as_it_is(storage: Storage) -> None:
    user = add_user(storage)
    begun = SignInUnderWay("example", "/write?next=%2F", None)
    proved = SignInUnderWay("example", "/", user.id, PROOF)
    with storage.writing() as repositories:
        repositories.sign_ins.add("begun", begun, NOW, NOW + DAY)
        repositories.sign_ins.add("proved", proved, NOW, NOW + DAY)
    with storage.reading() as repositories:
        assert begun == repositories.sign_ins.find("begun", NOW)
        assert proved == repositories.sign_ins.find("proved", NOW)
        assert repositories.sign_ins.find("another", NOW) is None
        assert repositories.sign_ins.find("begun", NOW + DAY) is None


def test_a_sign_in_under_way_is_taken_by_one(storage: Storage) -> None:
    with storage.writing() as repositories:
        repositories.sign_ins.add("digest", SignInUnderWay("example", "/"), NOW, NOW + DAY)
        assert repositories.sign_ins.remove("digest")
        assert not repositories.sign_ins.remove("digest")
        assert repositories.sign_ins.find("digest", NOW) is None


def test_sign_ins_that_are_over_are_forgotten(storage: Storage) -> None:
    with storage.writing() as repositories:
        repositories.sign_ins.add("old", SignInUnderWay("example", "/"), NOW, NOW + DAY)
        repositories.sign_ins.add("new", SignInUnderWay("example", "/"), NOW + DAY, NOW + DAY + DAY)
        assert repositories.sign_ins.find("old", NOW) is None
        assert repositories.sign_ins.find("new", NOW) is not None


def test_an_identity_is_of_one_user(storage: Storage) -> None:
    ada, bob = add_user(storage), add_user(storage, "bob")
    with storage.writing() as repositories:
        repositories.identities.add(ada.id, PROOF.issuer, PROOF.subject, NOW)
    for user in (ada, bob):
        with pytest.raises(Taken), storage.writing() as repositories:
            repositories.identities.add(user.id, PROOF.issuer, PROOF.subject, NOW)
    with storage.writing() as repositories:
        assert ada.id == repositories.identities.use(PROOF.issuer, PROOF.subject, NOW + DAY)
    with storage.reading() as repositories:
        [found] = repositories.identities.of(ada.id)
        assert (PROOF.issuer, format_instant(NOW)) == (found.issuer, found.created)
        assert format_instant(NOW + DAY) == found.used
        assert [] == repositories.identities.of(bob.id)


@pytest.mark.parametrize(
    ("issuer", "subject"),
    [
        (PROOF.issuer, "A subject"),
        (PROOF.issuer, "a subject "),
        (PROOF.issuer, "a súbject"),
        ("https://login.example/", "a subject"),
        ("https://LOGIN.example", "a subject"),
    ],
)
def test_identities_are_told_apart_byte_by_byte(
    storage: Storage, issuer: str, subject: str
) -> None:
    ada, bob = add_user(storage), add_user(storage, "bob")
    with storage.writing() as repositories:
        repositories.identities.add(ada.id, PROOF.issuer, PROOF.subject, NOW)
        assert repositories.identities.use(issuer, subject, NOW) is None
        repositories.identities.add(bob.id, issuer, subject, NOW)
        assert bob.id == repositories.identities.use(issuer, subject, NOW)
        assert ada.id == repositories.identities.use(PROOF.issuer, PROOF.subject, NOW)


def test_an_identity_is_removed_by_its_own_user_or_with_them(storage: Storage) -> None:
    ada, bob = add_user(storage), add_user(storage, "bob")
    with storage.writing() as repositories:
        repositories.identities.add(ada.id, PROOF.issuer, "1", NOW)
        repositories.identities.add(ada.id, PROOF.issuer, "2", NOW)
        repositories.sign_ins.add("linking", SignInUnderWay("x", "/", ada.id), NOW, NOW + DAY)
        first, second = repositories.identities.of(ada.id)
        assert not repositories.identities.remove(bob.id, first.id)
        assert repositories.identities.remove(ada.id, first.id)
        assert not repositories.identities.remove(ada.id, first.id)
        assert [second] == repositories.identities.of(ada.id)
    with storage.writing() as repositories:
        user = repositories.users.get(ada.id)
        assert user is not None
        repositories.users.remove(user)
    with storage.writing() as repositories:
        assert repositories.identities.use(PROOF.issuer, "2", NOW) is None
        assert repositories.sign_ins.find("linking", NOW) is None


def test_whether_an_email_is_anybodys_goes_by_its_key(storage: Storage) -> None:
    add_user(storage, is_active=False)
    with storage.reading() as repositories:
        assert repositories.users.has_email("ada@blog.example")
        assert not repositories.users.has_email("bob@blog.example")


def test_a_session_says_since_when_it_is_open(storage: Storage) -> None:
    user = add_user(storage)
    with storage.writing() as repositories:
        session = repositories.sessions.add(user.id, "digest", NOW, NOW + DAY, "Firefox")
        assert NOW == repositories.sessions.opened(session)
        assert repositories.sessions.opened(session + 1) is None

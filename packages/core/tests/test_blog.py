"""The use cases, on every storage, by a clock that only moves when told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from blog_core import schemas
from blog_core.blog import Blog
from blog_core.domain.errors import (
    Forbidden,
    Invalid,
    NotAuthenticated,
    NotFound,
    SessionOver,
    Stale,
    Taken,
    VersionRequired,
    WrongPassword,
)
from blog_core.domain.instants import format_instant
from blog_core.ports import Storage
from blog_core.schemas import ANYBODY, Credentials, Expected
from blog_core.storage.repositories import SqlStorage
from blog_core.storage.tables import idempotency_keys, sessions, tokens, users

from .fakes import PASSWORD, FakeClock, QuickHasher, Site, site
from .memory import MemoryStorage

ANY = Expected(any=True)
PUBLISH = schemas.Publication()
WRONG = Credentials("no such token")


def new_post(title: str = "Title", **fields: object) -> schemas.NewPost:
    return schemas.NewPost.model_validate({"title": title, **fields})


def published(blog_site: Site, author: Credentials, title: str = "Title") -> schemas.Post:
    now = format_instant(blog_site.clock())
    return blog_site.blog.create_post(author, new_post(title, pub_date=now))


# --- rights --------------------------------------------------------------------------------------


Act = Callable[[Blog, Credentials, int], object]
CHANGES: dict[str, Act] = {
    "replace": lambda blog, who, post_id: blog.replace_post(
        who, post_id, schemas.PostContent(title="T", content="", pub_date=None), ANY
    ),
    "change": lambda blog, who, post_id: blog.change_post(
        who, post_id, schemas.PostChanges(title="T"), ANY
    ),
    "delete": lambda blog, who, post_id: blog.delete_post(who, post_id, ANY),
    "publish": lambda blog, who, post_id: blog.publish_post(who, post_id, PUBLISH, ANY),
    "unpublish": lambda blog, who, post_id: blog.unpublish_post(who, post_id, ANY),
}
every_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


@pytest.mark.sentence("status-403")
@every_change
def test_only_the_author_and_staff_change_a_published_post(blog_site: Site, change: Act) -> None:
    ada, bob, staff = (
        blog_site.user("ada"),
        blog_site.user("bob"),
        blog_site.user("eve", is_staff=True),
    )
    for author, changer in ((ada, ada), (ada, staff)):
        change(blog_site.blog, changer, published(blog_site, author).id)
    post = published(blog_site, ada)
    with pytest.raises(Forbidden):
        change(blog_site.blog, bob, post.id)
    assert post == blog_site.blog.get_post(ANYBODY, post.id)


@pytest.mark.sentence("unpublished")
@every_change
def test_nobody_else_can_tell_a_draft_from_nothing(blog_site: Site, change: Act) -> None:
    ada, bob = blog_site.user("ada"), blog_site.user("bob")
    draft = blog_site.blog.create_post(ada, new_post())
    for post_id in (draft.id, draft.id + 1):
        with pytest.raises(NotFound):
            change(blog_site.blog, bob, post_id)
        for caller in (bob, ANYBODY):
            with pytest.raises(NotFound):
                blog_site.blog.get_post(caller, post_id)
    assert draft == blog_site.blog.get_post(ada, draft.id)


@pytest.mark.sentence("unpublished-hidden")
def test_a_draft_is_in_no_list_but_its_authors(blog_site: Site) -> None:
    ada, staff = blog_site.user("ada"), blog_site.user("eve", is_staff=True)
    draft = blog_site.blog.create_post(ada, new_post("Secret"))
    for query in ({}, {"q": "secret"}, {"author": "ada"}, {"status": "draft"}):
        wanted = schemas.PostQuery.model_validate(query)
        found = blog_site.blog.list_posts(staff, wanted).results
        assert found == []
    own = blog_site.blog.list_posts(ada, schemas.PostQuery(status="draft", author="ADA"))
    assert own.results == [draft]


def test_a_list_of_drafts_needs_credentials(blog_site: Site) -> None:
    with pytest.raises(NotAuthenticated):
        blog_site.blog.list_posts(ANYBODY, schemas.PostQuery(status="scheduled"))


CALLS: dict[str, Act] = {
    **CHANGES,
    "list_users": lambda blog, who, _: blog.list_users(who, schemas.PageQuery()),
    "get_user": lambda blog, who, _: blog.get_user(who, "ada"),
    "get_me": lambda blog, who, _: blog.get_me(who),
    "change_me": lambda blog, who, _: blog.change_me(who, schemas.UserChanges()),
    "delete_me": lambda blog, who, _: blog.delete_me(who),
    "change_password": lambda blog, who, _: blog.change_password(
        who, schemas.PasswordChange(current_password=PASSWORD, new_password="another password")
    ),
    "list_tokens": lambda blog, who, _: blog.list_tokens(who, schemas.PageQuery()),
    "end_token": lambda blog, who, _: blog.end_token(who, 1),
    "end_current_token": lambda blog, who, _: blog.end_current_token(who),
    "list_posts": lambda blog, who, _: blog.list_posts(who, schemas.PostQuery()),
    "create_post": lambda blog, who, _: blog.create_post(who, new_post()),
    "get_post": lambda blog, who, post_id: blog.get_post(who, post_id),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.mark.sentence("bad-token")
@every_call
def test_a_disabled_user_is_refused_everywhere(blog_site: Site, call: Act) -> None:
    ada = blog_site.user("ada")
    post = published(blog_site, ada)
    blog_site.disable(ada)
    with pytest.raises(NotAuthenticated) as refused:
        call(blog_site.blog, ada, post.id)
    assert refused.value.token_sent


@pytest.mark.sentence("bad-token")
@every_call
def test_an_expired_token_is_refused_everywhere(blog_site: Site, call: Act) -> None:
    ada = blog_site.user("ada")
    post = published(blog_site, ada)
    blog_site.clock.move(hours=30 * 24)
    with pytest.raises(NotAuthenticated) as refused:
        call(blog_site.blog, ada, post.id)
    assert refused.value.token_sent


def test_a_token_is_good_to_its_last_microsecond(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    blog_site.clock.move(hours=30 * 24, seconds=-0.000001)
    assert blog_site.blog.get_me(ada).username == "ada"


@pytest.mark.sentence("sign-in")
def test_wrong_unknown_and_disabled_are_refused_alike(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    blog_site.user("bob")
    blog_site.disable(ada)
    refusals = []
    for username, password in (("bob", "wrong password"), ("nobody", PASSWORD), ("ada", PASSWORD)):
        with pytest.raises(WrongPassword) as refused:
            blog_site.sign_in(username, password)
        refusals.append((str(refused.value), refused.value.token_sent))
    assert len(set(refusals)) == 1


@pytest.mark.sentence("sign-in")
def test_a_user_signs_in_in_any_case(blog_site: Site) -> None:
    blog_site.user("Ada")
    assert blog_site.blog.get_me(blog_site.sign_in("aDA")).username == "Ada"


# --- users ---------------------------------------------------------------------------------------


def test_taken_names_are_named(blog_site: Site) -> None:
    blog_site.user("ada")
    bob = blog_site.user("bob")
    with pytest.raises(Taken) as taken:
        blog_site.blog.change_me(bob, schemas.UserChanges(username="ADA", email="ada@BLOG.example"))
    assert ("username", "email") == taken.value.fields
    assert blog_site.blog.get_me(bob).username == "bob"


def test_of_two_who_take_one_name_at_once_one_gets_it(storage: Storage) -> None:
    ready = Barrier(2)

    def sign_up(number: int) -> tuple[str, ...]:
        hasher = QuickHasher()
        hasher.before_hash = ready.wait
        blog = replace(site(storage).blog, hasher=hasher)
        email = f"{number}@blog.example"
        try:
            blog.sign_up(schemas.NewUser(username="ada", email=email, password=PASSWORD))
        except Taken as taken:
            return tuple(taken.fields)
        return ()

    with ThreadPoolExecutor(2) as pool:
        assert [(), ("username",)] == sorted(pool.map(sign_up, range(2)))


@pytest.mark.sentence("me-delete", "deleting-a-user")
def test_who_deletes_themselves_leaves_nothing(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    post = published(blog_site, ada)
    blog_site.blog.delete_me(ada)
    with pytest.raises(NotAuthenticated):
        blog_site.blog.get_me(ada)
    for look in (
        lambda: blog_site.blog.get_post(ANYBODY, post.id),
        lambda: blog_site.blog.get_user(ANYBODY, "ada"),
    ):
        with pytest.raises(NotFound):
            look()
    assert blog_site.blog.get_me(blog_site.user("ada")).username == "ada"


# --- passwords -----------------------------------------------------------------------------------

NEW = schemas.PasswordChange(current_password=PASSWORD, new_password="another password")


@pytest.mark.sentence("password-change")
def test_a_new_password_ends_every_other_token(blog_site: Site) -> None:
    ada, bob = blog_site.user("ada"), blog_site.user("bob")
    other = blog_site.sign_in("ada")
    blog_site.blog.change_password(ada, NEW)
    with pytest.raises(NotAuthenticated):
        blog_site.blog.get_me(other)
    assert blog_site.blog.get_me(ada).username == "ada"
    assert blog_site.blog.get_me(bob).username == "bob"
    with pytest.raises(WrongPassword):
        blog_site.sign_in("ada")
    blog_site.sign_in("ada", NEW.new_password)


@pytest.mark.sentence("password-change")
def test_a_wrong_current_password_changes_nothing(blog_site: Site) -> None:
    ada, other = blog_site.user("ada"), blog_site.sign_in("ada")
    with pytest.raises(Forbidden):
        blog_site.blog.change_password(
            ada, schemas.PasswordChange(current_password="wrong", new_password="another password")
        )
    assert blog_site.blog.get_me(other).username == "ada"
    blog_site.sign_in("ada")


@pytest.mark.sentence("password")
@pytest.mark.parametrize("password", ["AdaLovelace", "ADALOVELACE@blog.example"])
def test_a_new_password_is_none_of_ones_names(blog_site: Site, password: str) -> None:
    ada = blog_site.user("adalovelace")
    with pytest.raises(Invalid) as refused:
        blog_site.blog.change_password(
            ada, schemas.PasswordChange(current_password=PASSWORD, new_password=password)
        )
    assert [("new_password", "too_similar")] == [
        (error.field, error.code) for error in refused.value.errors
    ]


def test_of_two_password_changes_at_once_the_second_finds_another_password(
    blog_site: Site,
) -> None:
    ada = blog_site.user("ada")
    first = schemas.PasswordChange(current_password=PASSWORD, new_password="the faster one")
    blog_site.hasher.before_hash = lambda: blog_site.blog.change_password(ada, first)
    with pytest.raises(Forbidden):
        blog_site.blog.change_password(ada, NEW)
    blog_site.sign_in("ada", "the faster one")


def imported(storage: Storage, *, rehash: bool = True) -> tuple[Site, Credentials, int]:
    """A user whose hash was brought from elsewhere."""
    a_site = site(storage, rehash=rehash)
    ada = a_site.user("ada")
    user_id = a_site.blog.get_me(ada).id
    a_site.put_hash(user_id, "old$" + QuickHasher.digest(PASSWORD))
    return a_site, ada, user_id


@pytest.mark.sentence("rehash")
def test_an_outdated_hash_is_rewritten_at_sign_in(storage: Storage) -> None:
    a_site, ada, user_id = imported(storage)
    a_site.sign_in("ada")
    assert a_site.hash_of(user_id).startswith("new$")
    assert a_site.blog.get_me(ada).username == "ada"


@pytest.mark.sentence("rehash")
def test_rewriting_can_be_switched_off(storage: Storage) -> None:
    a_site, _, user_id = imported(storage, rehash=False)
    a_site.sign_in("ada")
    assert a_site.hash_of(user_id).startswith("old$")


@pytest.mark.sentence("rehash")
def test_a_wrong_password_rewrites_nothing(storage: Storage) -> None:
    a_site, _, user_id = imported(storage)
    with pytest.raises(WrongPassword):
        a_site.sign_in("ada", "wrong password")
    assert a_site.hash_of(user_id).startswith("old$")


@pytest.mark.sentence("rehash")
def test_a_sign_in_never_brings_back_a_password_changed_meanwhile(storage: Storage) -> None:
    a_site, ada, user_id = imported(storage)
    a_site.hasher.before_hash = lambda: a_site.blog.change_password(ada, NEW)
    with pytest.raises(WrongPassword):
        a_site.sign_in("ada")
    assert "new$" + QuickHasher.digest(NEW.new_password) == a_site.hash_of(user_id)
    assert 1 == len(a_site.blog.list_tokens(ada, schemas.PageQuery()).results)


@pytest.mark.sentence("rehash")
def test_two_sign_ins_that_both_rewrite_both_succeed(storage: Storage) -> None:
    a_site, ada, user_id = imported(storage)
    a_site.hasher.before_hash = lambda: a_site.sign_in("ada")
    a_site.sign_in("ada")
    assert a_site.hash_of(user_id).startswith("new$")
    assert 3 == len(a_site.blog.list_tokens(ada, schemas.PageQuery()).results)


@pytest.mark.sentence("rehash")
def test_a_user_disabled_while_they_sign_in_gets_no_token(storage: Storage) -> None:
    a_site, ada, _ = imported(storage)
    a_site.hasher.before_hash = lambda: a_site.disable(ada)
    with pytest.raises(WrongPassword):
        a_site.sign_in("ada")


# --- versions ------------------------------------------------------------------------------------


@pytest.mark.sentence("if-match")
@every_change
def test_a_change_says_which_version_it_was_made_from(blog_site: Site, change: Act) -> None:
    ada = blog_site.user("ada")
    post = published(blog_site, ada)
    blog_site.blog.change_post(ada, post.id, schemas.PostChanges(), Expected(frozenset({1})))
    assert blog_site.blog.get_post(ada, post.id).version == 2
    change(blog_site.blog, ada, post.id)


@pytest.mark.sentence("if-match")
@pytest.mark.parametrize("expected", [Expected(), Expected(frozenset({2, 3}))])
def test_another_version_is_stale(blog_site: Site, expected: Expected) -> None:
    ada = blog_site.user("ada")
    post = published(blog_site, ada)
    blog, edits = blog_site.blog, schemas.PostChanges(title="New")
    for change in (
        lambda: blog.change_post(ada, post.id, edits, expected),
        lambda: blog.delete_post(ada, post.id, expected),
        lambda: blog.publish_post(ada, post.id, PUBLISH, expected),
        lambda: blog.unpublish_post(ada, post.id, expected),
    ):
        with pytest.raises(Stale):
            change()
    with pytest.raises(VersionRequired):
        blog.change_post(ada, post.id, edits, None)
    assert post == blog.get_post(ada, post.id)


@pytest.mark.sentence("one-writer")
def test_of_two_writers_with_one_version_one_wins(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    post = published(blog_site, ada)
    ready = Barrier(4)

    def change(number: int) -> bool:
        ready.wait()
        edits = schemas.PostChanges(title=f"Title {number}")
        try:
            blog_site.blog.change_post(ada, post.id, edits, Expected(frozenset({1})))
        except Stale:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert [False, False, False, True] == sorted(pool.map(change, range(4)))
    assert blog_site.blog.get_post(ada, post.id).version == 2


@pytest.mark.sentence("patch-post")
def test_what_is_absent_from_a_change_stays(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    post = published(blog_site, ada)
    blog_site.clock.move(seconds=1)
    changes = schemas.PostChanges.model_validate({"content": "New", "pub_date": None})
    changed = blog_site.blog.change_post(ada, post.id, changes, ANY)
    assert ("Title", "New", None, 2) == (
        changed.title,
        changed.content,
        changed.pub_date,
        changed.version,
    )
    assert format_instant(blog_site.clock()) == changed.updated
    assert post.created == changed.created


@pytest.mark.sentence("publish")
def test_publishing_is_idempotent(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    draft = blog_site.blog.create_post(ada, new_post())
    first = blog_site.blog.publish_post(ada, draft.id, PUBLISH, Expected(frozenset({1})))
    blog_site.clock.move(seconds=1)
    again = blog_site.blog.publish_post(ada, draft.id, PUBLISH, Expected(frozenset({2})))
    assert first == again
    assert ("published", 2) == (first.status, first.version)
    gone = blog_site.blog.unpublish_post(ada, draft.id, ANY)
    assert gone == blog_site.blog.unpublish_post(ada, draft.id, ANY)
    assert ("draft", 3) == (gone.status, gone.version)


@pytest.mark.sentence("status", "etag")
def test_a_scheduled_post_turns_published_without_a_change(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    hour = format_instant(blog_site.clock() + timedelta(hours=1))
    post = blog_site.blog.create_post(ada, new_post(pub_date=hour))
    with pytest.raises(NotFound):
        blog_site.blog.get_post(ANYBODY, post.id)
    blog_site.clock.move(hours=1)
    assert replace(post, status="published") == blog_site.blog.get_post(ANYBODY, post.id)


# --- idempotency keys ----------------------------------------------------------------------------


@pytest.mark.sentence("idempotency")
def test_a_key_gives_its_answer_again_for_24_hours(blog_site: Site) -> None:
    blog = blog_site.blog
    ada = blog_site.user("ada")
    first = blog.create_post(ada, new_post(), "key")
    blog_site.clock.move(hours=24)
    assert first == blog.create_post(ada, new_post(), "key")
    blog_site.clock.move(seconds=0.000001)
    later = blog.create_post(ada, new_post(), "key")
    assert first.id < later.id
    assert later == blog.create_post(ada, new_post(), "key")


@pytest.mark.sentence("idempotency")
def test_the_answer_to_a_sign_in_has_the_same_token_again(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    sign_in = schemas.SignIn(username="ada", password=PASSWORD)
    first = blog_site.blog.sign_in(sign_in, "key")
    assert first == blog_site.blog.sign_in(sign_in, "key")
    assert blog_site.blog.get_me(Credentials(first.token)).username == "ada"
    assert 2 == len(blog_site.blog.list_tokens(ada, schemas.PageQuery()).results)


def test_the_token_of_a_key_is_another_one_after_24_hours(blog_site: Site) -> None:
    blog_site.user("ada")
    sign_in = schemas.SignIn(username="ada", password=PASSWORD)
    first = blog_site.blog.sign_in(sign_in, "key")
    blog_site.clock.move(hours=25)
    assert first.token != blog_site.blog.sign_in(sign_in, "key").token


@pytest.mark.sentence("idempotency-body")
def test_another_body_under_a_used_key_is_refused(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    blog_site.blog.create_post(ada, new_post("one"), "key")
    with pytest.raises(Invalid) as refused:
        blog_site.blog.create_post(ada, new_post("two"), "key")
    assert [("Idempotency-Key", "reused")] == [
        (error.field, error.code) for error in refused.value.errors
    ]


@pytest.mark.sentence("idempotency-caller")
def test_a_key_is_the_callers_own(blog_site: Site) -> None:
    ada, bob = blog_site.user("ada"), blog_site.user("bob")
    posts = [blog_site.blog.create_post(caller, new_post(), "key") for caller in (ada, bob)]
    assert posts[0].id != posts[1].id
    assert ["ada", "bob"] == [post.author.username for post in posts]


@pytest.mark.sentence("idempotency-caller")
def test_a_failed_request_uses_no_key_up(blog_site: Site) -> None:
    blog_site.user("ada")
    new = schemas.NewUser(username="ADA", email="a@blog.example", password=PASSWORD)
    with pytest.raises(Taken):
        blog_site.blog.sign_up(new, "key")
    other = schemas.NewUser(username="bob", email="a@blog.example", password=PASSWORD)
    assert blog_site.blog.sign_up(other, "key").username == "bob"


@pytest.mark.sentence("idempotency")
@pytest.mark.parametrize("key", ["", "a b", "é", "\x7f", "x" * 256])
def test_a_key_out_of_form_is_refused(blog_site: Site, key: str) -> None:
    ada = blog_site.user("ada")
    with pytest.raises(Invalid) as refused:
        blog_site.blog.create_post(ada, new_post(), key)
    assert refused.value.errors[0].field == "Idempotency-Key"


def test_one_key_sent_many_times_at_once_acts_once(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    ready = Barrier(4)

    def create(_: int) -> int:
        ready.wait()
        return blog_site.blog.create_post(ada, new_post(), "key").id

    with ThreadPoolExecutor(4) as pool:
        assert 1 == len(set(pool.map(create, range(4))))
    drafts = blog_site.blog.list_posts(ada, schemas.PostQuery(status="draft"))
    assert 1 == len(drafts.results)


def stored(storage: Storage) -> str:
    """Everything that stands in the tables about users, tokens and keys."""
    if isinstance(storage, MemoryStorage):
        tables = storage.tables
        return repr((tables.users, tables.tokens, tables.keys))
    assert isinstance(storage, SqlStorage)
    with storage.reader.connect() as connection:
        rows = [
            connection.execute(select(table)).all()
            for table in (users, tokens, sessions, idempotency_keys)
        ]
    return repr(rows)


@pytest.mark.sentence("token")
def test_nothing_stored_holds_a_token_a_password_or_a_key(blog_site: Site) -> None:
    new = schemas.NewUser(username="ada", email="a@blog.example", password=PASSWORD)
    blog_site.blog.sign_up(new, "the-key-itself")
    plain = blog_site.sign_in("ada").token
    assert plain is not None
    sign_in = schemas.SignIn(username="ada", password=PASSWORD)
    keyed = blog_site.blog.sign_in(sign_in, "the-key-itself").token
    session = blog_site.blog.open_session(ANYBODY, sign_in).value
    held = stored(blog_site.storage)
    assert "ada" in held
    for secret in (PASSWORD, plain, keyed, session, "the-key-itself"):
        assert secret not in held


# --- sessions ------------------------------------------------------------------------------------


def sign_in_of(username: str, password: str = PASSWORD) -> schemas.SignIn:
    return schemas.SignIn(username=username, password=password)


@pytest.mark.sentence("session-rights")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_session_may_what_a_token_may(blog_site: Site, call: Act) -> None:
    token = blog_site.user("ada")
    ada = blog_site.open_session("ADA")
    draft = blog_site.blog.create_post(ada, new_post())
    assert draft.author.username == "ada"
    if call is CALLS["end_token"]:
        (listed,) = blog_site.blog.list_tokens(token, schemas.PageQuery()).results
        blog_site.blog.end_token(ada, listed.id)
    else:
        call(blog_site.blog, ada, draft.id)


@pytest.mark.sentence("session-over")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_session_nobody_opened_is_refused_everywhere(blog_site: Site, call: Act) -> None:
    ada = blog_site.user("ada")
    post = published(blog_site, ada)
    for value in ("", "made up", ada.token):
        with pytest.raises(SessionOver):
            call(blog_site.blog, Credentials(session=value), post.id)


@pytest.mark.sentence("session-rights")
def test_where_a_token_is_sent_the_session_is_not_looked_at(blog_site: Site) -> None:
    ada, bob = blog_site.user("ada"), blog_site.user("bob")
    browser = blog_site.open_session("bob")
    both = replace(ada, session=browser.session)
    assert blog_site.blog.get_me(both).username == "ada"
    with pytest.raises(NotAuthenticated) as refused:
        blog_site.blog.get_me(replace(browser, token="wrong"))
    assert refused.value.token_sent
    blog_site.blog.end_current_token(replace(bob, session="made up"))
    assert blog_site.blog.get_me(browser).username == "bob"


@pytest.mark.sentence("session-rights")
def test_a_session_ends_after_its_days(blog_site: Site) -> None:
    blog_site.user("ada")
    opened = blog_site.blog.open_session(ANYBODY, sign_in_of("ada"))
    assert 14 * 24 * 3600 == opened.seconds
    ada = Credentials(session=opened.value)
    blog_site.clock.move(hours=14 * 24, seconds=-1)
    assert blog_site.blog.get_me(ada).username == "ada"
    blog_site.clock.move(seconds=1)
    with pytest.raises(SessionOver):
        blog_site.blog.get_me(ada)


@pytest.mark.sentence("session-new")
def test_signing_in_gives_a_new_value_and_ends_the_earlier_one(blog_site: Site) -> None:
    blog_site.user("ada")
    first = blog_site.open_session("ada")
    values = {first.session, "chosen by somebody else"}
    sent = replace(first, session="chosen by somebody else")
    for _ in range(3):
        value = blog_site.blog.open_session(sent, sign_in_of("ada")).value
        assert value not in values
        assert len(value) >= 43
        if sent != replace(first, session="chosen by somebody else"):
            with pytest.raises(SessionOver):
                blog_site.blog.get_me(sent)
        values.add(value)
        sent = Credentials(session=value)
    with pytest.raises(SessionOver):
        blog_site.blog.get_me(Credentials(session="chosen by somebody else"))
    # Another browser's is another one.
    assert blog_site.blog.get_me(first).username == "ada"


def test_a_failed_sign_in_ends_no_session(blog_site: Site) -> None:
    blog_site.user("ada")
    ada = blog_site.open_session("ada")
    for wrong in (sign_in_of("ada", "wrong"), sign_in_of("nobody")):
        with pytest.raises(WrongPassword):
            blog_site.blog.open_session(ada, wrong)
    assert blog_site.blog.get_me(ada).username == "ada"


@pytest.mark.sentence("password-change", "session-end")
def test_a_new_password_ends_every_other_token_and_session(blog_site: Site) -> None:
    token, bob = blog_site.user("ada"), blog_site.user("bob")
    used, other = blog_site.open_session("ada"), blog_site.open_session("ada")
    blog_site.blog.change_password(used, NEW)
    for ended in (token, other):
        with pytest.raises(NotAuthenticated):
            blog_site.blog.get_me(ended)
    assert blog_site.blog.get_me(used).username == "ada"
    assert blog_site.blog.get_me(bob).username == "bob"
    token = blog_site.sign_in("ada", NEW.new_password)
    back = schemas.PasswordChange(current_password=NEW.new_password, new_password=PASSWORD)
    blog_site.blog.change_password(token, back)
    with pytest.raises(SessionOver):
        blog_site.blog.get_me(used)


@pytest.mark.sentence("rehash")
def test_no_session_outlives_a_password_changed_meanwhile(storage: Storage) -> None:
    a_site, ada, _ = imported(storage)
    a_site.hasher.before_hash = lambda: a_site.blog.change_password(ada, NEW)
    with pytest.raises(WrongPassword):
        a_site.open_session("ada")
    assert [] == a_site.blog.list_sessions(ada, schemas.PageQuery()).results


@pytest.mark.sentence("rehash")
def test_an_outdated_hash_is_rewritten_when_a_session_opens(storage: Storage) -> None:
    a_site, _, user_id = imported(storage)
    a_site.open_session("ada")
    assert a_site.hash_of(user_id).startswith("new$")


def test_the_sessions_of_a_user_are_listed_with_the_current_one_marked(blog_site: Site) -> None:
    token = blog_site.user("ada")
    blog_site.user("bob")
    blog_site.open_session("bob")
    first, second = blog_site.open_session("ada"), blog_site.open_session("ada")

    def listed(who: Credentials) -> list[bool]:
        page = blog_site.blog.list_sessions(who, schemas.PageQuery())
        assert {"Tests"} == {session.browser for session in page.results}
        return [session.current for session in page.results]

    assert [True, False] == listed(second)
    assert [False, True] == listed(first)
    assert [False, False] == listed(token)
    page = blog_site.blog.list_sessions(first, schemas.PageQuery(limit=1))
    more = blog_site.blog.list_sessions(first, schemas.PageQuery(limit=1, cursor=page.next))
    assert [False, True] == [page.results[0].current, more.results[0].current]
    assert more.next is None


def test_a_session_is_ended_by_its_user_only(blog_site: Site) -> None:
    blog_site.user("ada")
    bob = blog_site.user("bob")
    here, there = blog_site.open_session("ada"), blog_site.open_session("ada")
    newest = blog_site.blog.list_sessions(here, schemas.PageQuery()).results[0].id
    for who, session_id in ((bob, newest), (here, newest + 1000)):
        with pytest.raises(NotFound):
            blog_site.blog.end_session(who, session_id)
    blog_site.blog.end_session(here, newest)
    with pytest.raises(SessionOver):
        blog_site.blog.get_me(there)
    assert blog_site.blog.get_me(here).username == "ada"


@pytest.mark.sentence("sign-out", "session-end")
@pytest.mark.parametrize("end", [Blog.close_session, Blog.end_current_token])
def test_signing_out_ends_this_session_and_no_other(
    blog_site: Site, end: Callable[[Blog, Credentials], None]
) -> None:
    token = blog_site.user("ada")
    here, there = blog_site.open_session("ada"), blog_site.open_session("ada")
    end(blog_site.blog, here)
    with pytest.raises(SessionOver):
        blog_site.blog.get_me(here)
    assert "ada" == blog_site.blog.get_me(there).username == blog_site.blog.get_me(token).username


def test_who_is_not_signed_in_signs_out_without_an_error(blog_site: Site) -> None:
    for credentials in (ANYBODY, Credentials(session="made up")):
        blog_site.blog.close_session(credentials)


def test_signing_out_everywhere_ends_all_tokens_and_sessions(blog_site: Site) -> None:
    token, bob = blog_site.user("ada"), blog_site.user("bob")
    here, there = blog_site.open_session("ada"), blog_site.open_session("ada")
    blog_site.blog.sign_out_everywhere(here)
    for ended in (token, here, there):
        with pytest.raises(NotAuthenticated):
            blog_site.blog.get_me(ended)
    assert blog_site.blog.get_me(bob).username == "bob"


def test_a_visitor_is_who_they_are_or_nobody(blog_site: Site) -> None:
    token = blog_site.user("ada")
    here = blog_site.open_session("ada")
    for credentials in (token, here):
        user = blog_site.blog.get_me(credentials)
        assert schemas.Visitor(credentials, user) == blog_site.blog.visitor(credentials)
    assert schemas.Visitor(ANYBODY) == blog_site.blog.visitor(ANYBODY)
    blog_site.disable(here)
    for credentials in (here, token, Credentials(session="made up"), WRONG):
        assert schemas.Visitor(ANYBODY) == blog_site.blog.visitor(credentials)


def test_credentials_do_not_show_themselves() -> None:
    shown = repr((Credentials("a-token", "a-session"), schemas.NewSession("a-session", 1)))
    assert "a-token" not in shown
    assert "a-session" not in shown


# --- lists ---------------------------------------------------------------------------------------


def walk(blog_site: Site, query: dict[str, object], start: str | None = None) -> list[list[str]]:
    """The titles of every page from a cursor on, following `next`."""
    pages, cursor = [], start
    while True:
        wanted = schemas.PostQuery.model_validate({**query, "cursor": cursor})
        page = blog_site.blog.list_posts(ANYBODY, wanted)
        pages.append([post.title for post in page.results])
        cursor = page.next
        if cursor is None:
            return pages


@pytest.mark.sentence("page-walk")
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_walking_shows_every_post_once_forth_and_back(blog_site: Site, order: str) -> None:
    ada = blog_site.user("ada")
    for number in range(7):
        published(blog_site, ada, f"{number}")
        if number % 3 == 0:  # so that some share an instant
            blog_site.clock.move(seconds=1)
    expected = [f"{number}" for number in range(7)]
    if order == "newest":
        expected.reverse()
    assert [expected[0:3], expected[3:6], expected[6:]] == walk(
        blog_site, {"limit": 3, "order": order}
    )
    query = {"limit": 3, "order": order}
    blog, first = blog_site.blog, schemas.PostQuery.model_validate(query)
    page = blog.list_posts(ANYBODY, first)
    while page.next:
        page = blog.list_posts(ANYBODY, first.model_copy(update={"cursor": page.next}))
    backwards = [post.title for post in reversed(page.results)]
    while page.previous:
        page = blog.list_posts(ANYBODY, first.model_copy(update={"cursor": page.previous}))
        backwards += [post.title for post in reversed(page.results)]
    assert list(reversed(expected)) == backwards


@pytest.mark.sentence("page-walk")
def test_walking_goes_on_while_posts_come_and_go(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    made = []
    for number in range(6):
        made.append(published(blog_site, ada, f"{number}"))
        blog_site.clock.move(seconds=1)
    blog, query = blog_site.blog, schemas.PostQuery(limit=2)
    seen, page = [], blog.list_posts(ANYBODY, query)
    seen += page.results
    # The post the cursor stands on goes, a new one comes at the front.
    blog.delete_post(ada, made[4].id, ANY)
    published(blog_site, ada, "new")
    while page.next:
        page = blog.list_posts(ANYBODY, query.model_copy(update={"cursor": page.next}))
        seen += page.results
    assert ["5", "4", "3", "2", "1", "0"] == [post.title for post in seen]


@pytest.mark.sentence("page-walk")
def test_an_empty_page_leads_back(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    posts = [published(blog_site, ada, f"{number}") for number in range(4)]
    blog, query = blog_site.blog, schemas.PostQuery(limit=2)
    first = blog.list_posts(ANYBODY, query)
    for post in posts[:2]:
        blog.delete_post(ada, post.id, ANY)
    empty = blog.list_posts(ANYBODY, query.model_copy(update={"cursor": first.next}))
    assert ([], None) == (empty.results, empty.next)
    back = blog.list_posts(ANYBODY, query.model_copy(update={"cursor": empty.previous}))
    assert first.results == back.results


@pytest.mark.sentence("page-walk")
def test_an_empty_page_of_the_way_back_leads_forth(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    posts = [published(blog_site, ada, f"{number}") for number in range(4)]
    blog, query = blog_site.blog, schemas.PostQuery(limit=2, order="oldest")
    first = blog.list_posts(ANYBODY, query)
    second = blog.list_posts(ANYBODY, query.model_copy(update={"cursor": first.next}))
    for post in posts[:2]:
        blog.delete_post(ada, post.id, ANY)
    empty = blog.list_posts(ANYBODY, query.model_copy(update={"cursor": second.previous}))
    assert ([], None) == (empty.results, empty.previous)
    forth = blog.list_posts(ANYBODY, query.model_copy(update={"cursor": empty.next}))
    assert second.results == forth.results


def test_an_empty_list_leads_nowhere(blog_site: Site) -> None:
    page = blog_site.blog.list_posts(ANYBODY, schemas.PostQuery())
    assert ([], None, None) == (page.results, page.next, page.previous)


def test_users_and_tokens_are_walked_too(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    blog_site.user("bob")
    for _ in range(2):
        blog_site.sign_in("ada")
    blog, one = blog_site.blog, schemas.PageQuery(limit=1)
    first = blog.list_users(ANYBODY, one)
    second = blog.list_users(ANYBODY, schemas.PageQuery(limit=1, cursor=first.next))
    assert ["ada", "bob"] == [page.results[0].username for page in (first, second)]
    assert second.next is None
    ids, page = [], blog.list_tokens(ada, one)
    ids.append(page.results[0].id)
    while page.next:
        page = blog.list_tokens(ada, schemas.PageQuery(limit=1, cursor=page.next))
        ids.append(page.results[0].id)
    assert sorted(ids, reverse=True) == ids
    assert len(ids) == 3


@pytest.mark.sentence("cursor")
def test_a_cursor_is_good_for_its_own_list_only(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    for _ in range(3):
        published(blog_site, ada)
    blog = blog_site.blog
    cursor = blog.list_posts(ANYBODY, schemas.PostQuery(limit=1)).next
    assert cursor is not None
    others = ({"order": "oldest"}, {"author": "ada"}, {"q": "title"}, {"status": "draft"})
    for other in others:
        with pytest.raises(Invalid):
            blog.list_posts(ada, schemas.PostQuery.model_validate({**other, "cursor": cursor}))
    with pytest.raises(Invalid):
        blog.list_users(ANYBODY, schemas.PageQuery(cursor=cursor))
    same = schemas.PostQuery(cursor=cursor, limit=2, order="newest", status="published")
    assert 2 == len(blog.list_posts(ANYBODY, same).results)


@pytest.mark.sentence("cursor")
def test_a_cursor_altered_anywhere_is_refused() -> None:
    a_site = site(MemoryStorage())
    ada = a_site.user("ada")
    for _ in range(2):
        published(a_site, ada)
    cursor = a_site.blog.list_posts(ANYBODY, schemas.PostQuery(limit=1)).next
    assert cursor is not None
    altered = {"", cursor + "=", cursor + "A", cursor[:-1], cursor + "\n", " " + cursor}
    for place, old in enumerate(cursor):
        for new in "Aa0-_.=+é":
            if new != old:
                altered.add(cursor[:place] + new + cursor[place + 1 :])
    for text in altered:
        with pytest.raises(Invalid) as refused:
            a_site.blog.list_posts(ANYBODY, schemas.PostQuery(cursor=text, limit=1))
        assert refused.value.errors[0].field == "cursor"


@pytest.mark.sentence("search")
def test_a_search_is_of_words_not_letters(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    published(blog_site, ada, "Straße nach ΑΘΗΝΑΣ")
    for q, count in (
        ("STRASSE", 1),
        ("αθηνας strasse", 1),
        ("stra", 0),
        ("nach nach", 1),
        ("!?", 0),
        ("・", 0),
    ):
        page = blog_site.blog.list_posts(ANYBODY, schemas.PostQuery(q=q))
        assert (q, count) == (q, len(page.results))


def test_the_clock_of_a_site_moves_only_when_told() -> None:
    clock = FakeClock()
    assert clock() == clock()

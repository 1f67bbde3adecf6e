"""What staff may do, on every storage, and what is recorded of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from blog_core import schemas
from blog_core.domain.errors import (
    BlogError,
    Forbidden,
    Invalid,
    NotAuthenticated,
    NotFound,
    Stale,
    Taken,
    Throttled,
    WrongPassword,
)
from blog_core.schemas import ANYBODY, OPERATOR, AccountChanges, Credentials, Expected
from blog_core.staff import Staff

from .fakes import PASSWORD, Site
from .test_blog import new_post, published

ANY = Expected(any=True)
NEW = schemas.NewUser(username="new", email="new@blog.example", password=PASSWORD)

Act = Callable[[Staff, Credentials, int, int], object]
ACTS: dict[str, Act] = {
    "member": lambda staff, who, user, post: staff.member(who),
    "list_users": lambda staff, who, user, post: staff.list_users(who),
    "find_user": lambda staff, who, user, post: staff.find_user(who, "ADA"),
    "get_user": lambda staff, who, user, post: staff.get_user(who, user),
    "add_user": lambda staff, who, user, post: staff.add_user(who, NEW),
    "change_user": lambda staff, who, user, post: staff.change_user(
        who, user, AccountChanges(username="other")
    ),
    "disable": lambda staff, who, user, post: staff.set_active(who, [user], active=False),
    "remove_users": lambda staff, who, user, post: staff.remove_users(who, [user]),
    "add_post": lambda staff, who, user, post: staff.add_post(who, user, new_post()),
    "publish": lambda staff, who, user, post: staff.publish_posts(who, [post]),
    "unpublish": lambda staff, who, user, post: staff.unpublish_posts(who, [post]),
    "remove_posts": lambda staff, who, user, post: staff.remove_posts(who, [post]),
    "history": lambda staff, who, user, post: staff.history(who),
}
every_act = pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)


def id_of(blog_site: Site, credentials: Credentials) -> int:
    return blog_site.blog.get_me(credentials).id


def said(blog_site: Site) -> list[tuple[str | None, str, str]]:
    """Who did what to whom or what, oldest first."""
    actions = blog_site.blog.staff.history(OPERATOR)
    return [(one.staff, one.action, one.name) for one in reversed(actions)]


@every_act
def test_only_staff_may(blog_site: Site, act: Act) -> None:
    ada, bob, eve = (
        blog_site.user("ada"),
        blog_site.user("bob"),
        blog_site.user("eve", is_staff=True),
    )
    user, post = id_of(blog_site, ada), published(blog_site, ada).id
    staff = blog_site.blog.staff
    with pytest.raises(Forbidden):
        act(staff, bob, user, post)
    for nobody in (ANYBODY, Credentials("no such token")):
        with pytest.raises(NotAuthenticated):
            act(staff, nobody, user, post)
    assert [] == said(blog_site)
    act(staff, eve, user, post)


def test_who_is_no_staff_any_more_may_not(blog_site: Site) -> None:
    eve = blog_site.user("eve", is_staff=True)
    changes = AccountChanges(is_staff=False)
    blog_site.blog.staff.change_user(OPERATOR, id_of(blog_site, eve), changes)
    with pytest.raises(Forbidden):
        blog_site.blog.staff.member(eve)


def test_staff_change_an_account(blog_site: Site) -> None:
    ada, eve = blog_site.user("ada"), blog_site.user("eve", is_staff=True)
    before = blog_site.blog.staff.get_user(eve, id_of(blog_site, ada))
    changes = AccountChanges(username="lovelace", email="l@blog.example", is_staff=True)
    after = blog_site.blog.staff.change_user(eve, before.id, changes, before.version)
    assert ("lovelace", "l@blog.example", True, True) == (
        after.username,
        after.email,
        after.is_staff,
        after.is_active,
    )
    assert after == blog_site.blog.staff.get_user(eve, before.id)
    assert ("eve", "changed username, email and made staff", "lovelace") == said(blog_site)[-1]


def test_a_change_from_an_earlier_account_is_stale(blog_site: Site) -> None:
    ada, staff = blog_site.user("ada"), blog_site.blog.staff
    before = staff.get_user(OPERATOR, id_of(blog_site, ada))
    blog_site.blog.change_me(ada, schemas.UserChanges(email="moved@blog.example"))
    with pytest.raises(Stale):
        staff.change_user(OPERATOR, before.id, AccountChanges(is_staff=True), before.version)
    with pytest.raises(Stale):
        staff.remove_users(OPERATOR, [before.id], before.version)
    now = staff.get_user(OPERATOR, before.id)
    assert ("moved@blog.example", False) == (now.email, now.is_staff)
    assert [] == said(blog_site)


def test_of_two_changes_from_one_account_one_is_stale(blog_site: Site) -> None:
    ada, staff = blog_site.user("ada"), blog_site.blog.staff
    before = staff.get_user(OPERATOR, id_of(blog_site, ada))
    together = Barrier(2)

    def change(email: str) -> bool:
        together.wait()
        try:
            staff.change_user(OPERATOR, before.id, AccountChanges(email=email), before.version)
        except Stale:
            return False
        return True

    with ThreadPoolExecutor() as pool:
        done = list(pool.map(change, ["one@blog.example", "two@blog.example"]))
    assert [False, True] == sorted(done)


def test_a_disabled_user_is_out_at_once(blog_site: Site) -> None:
    ada, session = blog_site.user("ada"), blog_site.open_session("ada")
    user_id = id_of(blog_site, ada)
    blog_site.blog.staff.set_active(OPERATOR, [user_id], active=False)
    for credentials in (ada, session):
        with pytest.raises(NotAuthenticated):
            blog_site.blog.get_me(credentials)
    with pytest.raises(WrongPassword):
        blog_site.sign_in("ada")
    blog_site.blog.staff.set_active(OPERATOR, [user_id], active=True)
    # What ended stays ended.
    for credentials in (ada, session):
        with pytest.raises(NotAuthenticated):
            blog_site.blog.get_me(credentials)
    blog_site.sign_in("ada")
    assert [(None, "disabled", "ada"), (None, "enabled", "ada")] == said(blog_site)


def test_the_form_disables_as_well(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    user_id = id_of(blog_site, ada)
    blog_site.blog.staff.change_user(OPERATOR, user_id, AccountChanges(is_active=False))
    with pytest.raises(NotAuthenticated):
        blog_site.blog.get_me(ada)
    blog_site.blog.staff.change_user(OPERATOR, user_id, AccountChanges(is_active=True))
    with pytest.raises(NotAuthenticated):
        blog_site.blog.get_me(ada)


def test_another_password_ends_what_the_old_one_began(blog_site: Site) -> None:
    ada, session = blog_site.user("ada"), blog_site.open_session("ada")
    changes = AccountChanges(password="a wholly other one")
    blog_site.blog.staff.change_user(OPERATOR, id_of(blog_site, ada), changes)
    for credentials in (ada, session):
        with pytest.raises(NotAuthenticated):
            blog_site.blog.get_me(credentials)
    with pytest.raises(WrongPassword):
        blog_site.sign_in("ada")
    blog_site.sign_in("ada", "a wholly other one")
    assert [(None, "changed password", "ada")] == said(blog_site)


def test_a_password_is_no_name_of_the_user(blog_site: Site) -> None:
    user_id = id_of(blog_site, blog_site.user("ada"))
    changes = AccountChanges(username="lovelace42", password="lovelace42")
    with pytest.raises(Invalid):
        blog_site.blog.staff.change_user(OPERATOR, user_id, changes)


def test_nobody_takes_their_own_rights(blog_site: Site) -> None:
    eve, staff = blog_site.user("eve", is_staff=True), blog_site.blog.staff
    own = id_of(blog_site, eve)
    for act in (
        lambda: staff.set_active(eve, [own], active=False),
        lambda: staff.remove_users(eve, [own]),
        lambda: staff.change_user(eve, own, AccountChanges(is_staff=False)),
        lambda: staff.change_user(eve, own, AccountChanges(is_active=False)),
    ):
        with pytest.raises(Forbidden):
            act()
    staff.change_user(eve, own, AccountChanges(is_staff=True, email="e@blog.example"))
    assert staff.member(eve).email == "e@blog.example"


def test_a_name_that_is_taken_changes_nothing(blog_site: Site) -> None:
    ada = blog_site.user("ada")
    blog_site.user("bob")
    with pytest.raises(Taken):
        blog_site.blog.staff.change_user(
            OPERATOR, id_of(blog_site, ada), AccountChanges(username="BOB", is_staff=True)
        )
    assert not blog_site.blog.get_me(ada).is_staff
    assert [] == said(blog_site)


def test_what_is_done_to_several_is_done_to_all_or_none(blog_site: Site) -> None:
    ada, staff = blog_site.user("ada"), blog_site.blog.staff
    posts = [blog_site.blog.create_post(ada, new_post(title)).id for title in ("One", "Two")]
    nowhere = posts[-1] + 1
    for act in (staff.publish_posts, staff.unpublish_posts, staff.remove_posts):
        with pytest.raises(NotFound):
            act(OPERATOR, [*posts, nowhere])
    user_id = id_of(blog_site, ada)
    with pytest.raises(NotFound):
        staff.set_active(OPERATOR, [user_id, user_id + 1000], active=False)
    with pytest.raises(NotFound):
        staff.remove_users(OPERATOR, [user_id, user_id + 1000])
    assert ["draft", "draft"] == [blog_site.blog.get_post(ada, post).status for post in posts]
    assert [] == said(blog_site)


def test_each_post_is_published_and_its_version_moves(blog_site: Site) -> None:
    ada, eve = blog_site.user("ada"), blog_site.user("eve", is_staff=True)
    draft, shown = blog_site.blog.create_post(ada, new_post("Draft")), published(blog_site, ada)
    blog_site.blog.staff.publish_posts(eve, [draft.id, shown.id, draft.id])
    after = [blog_site.blog.get_post(ANYBODY, post.id) for post in (draft, shown)]
    assert [("published", 2), ("published", 1)] == [(post.status, post.version) for post in after]
    # A post that was published already is not said to have been.
    assert [("eve", "published", "Draft")] == said(blog_site)
    with pytest.raises(Stale):
        blog_site.blog.delete_post(ada, draft.id, Expected(frozenset([1])))


def test_a_post_is_added_for_its_author(blog_site: Site) -> None:
    ada, eve = blog_site.user("ada"), blog_site.user("eve", is_staff=True)
    post = blog_site.blog.staff.add_post(eve, id_of(blog_site, ada), new_post("Hers"))
    assert ("Hers", "ada", "draft") == (post.title, post.author.username, post.status)
    with pytest.raises(NotFound):
        blog_site.blog.staff.add_post(eve, post.id + 1000, new_post())
    assert [("eve", "added", "Hers")] == said(blog_site)


def test_what_staff_do_by_other_doors_is_recorded_too(blog_site: Site) -> None:
    ada, eve = blog_site.user("ada"), blog_site.user("eve", is_staff=True)
    post = blog_site.blog.create_post(ada, new_post("One"))
    blog_site.blog.change_post(ada, post.id, schemas.PostChanges(title="Two"), ANY)
    blog_site.blog.change_post(eve, post.id, schemas.PostChanges(title="Three", content="x"), ANY)
    blog_site.blog.publish_post(eve, post.id, schemas.Publication(), ANY)
    blog_site.blog.unpublish_post(eve, post.id, ANY)
    blog_site.blog.unpublish_post(eve, post.id, ANY)
    blog_site.blog.delete_post(eve, post.id, ANY)
    assert [
        ("eve", "changed title, content", "Three"),
        ("eve", "published", "Three"),
        ("eve", "unpublished", "Three"),
        ("eve", "deleted", "Three"),
    ] == said(blog_site)


def test_history_is_of_one_or_of_all_newest_first(blog_site: Site) -> None:
    ada, staff = blog_site.user("ada"), blog_site.blog.staff
    posts = [blog_site.blog.create_post(ada, new_post(title)).id for title in ("One", "Two")]
    staff.publish_posts(OPERATOR, posts)
    staff.unpublish_posts(OPERATOR, posts[:1])
    staff.set_active(OPERATOR, [id_of(blog_site, ada)], active=False)
    assert ["unpublished", "published"] == [
        one.action for one in staff.history(OPERATOR, "post", posts[0])
    ]
    assert ["disabled"] == [one.action for one in staff.history(OPERATOR, "user")]
    newest, second, *_ = staff.history(OPERATOR)
    assert ["disabled", "unpublished"] == [newest.action, second.action]
    assert [second] == staff.history(OPERATOR, limit=1, before=newest.id)


def test_history_outlives_those_it_tells_of(blog_site: Site) -> None:
    ada, eve = blog_site.user("ada"), blog_site.user("eve", is_staff=True)
    blog_site.blog.staff.remove_users(eve, [id_of(blog_site, ada)])
    blog_site.blog.delete_me(eve)
    assert [("eve", "deleted", "ada")] == said(blog_site)


def test_staff_are_throttled_and_the_operator_is_not(blog_site: Site) -> None:
    class Spent:
        waits = False

        def limits(self, name: str) -> bool:
            return name == "writes"

        def hit(self, name: str, key: str) -> None:
            if name == "writes":
                raise Throttled("writes", 0, 60, 60)

        def prepare(self) -> None: ...

        def close(self) -> None: ...

    eve = blog_site.user("eve", is_staff=True)
    own = id_of(blog_site, eve)
    blog_staff = blog_site.blog.staff
    staff = Staff(
        blog_staff.storage,
        blog_staff.clock,
        blog_staff.hasher,
        Spent(),
        blog_staff.authenticate,
    )
    acts: list[Callable[[Credentials | schemas.Operator], object]] = [
        lambda by: staff.add_user(by, NEW),
        lambda by: staff.change_user(by, own, AccountChanges(email="e@blog.example")),
        lambda by: staff.set_active(by, [own], active=True),
        lambda by: staff.add_post(by, own, new_post()),
        lambda by: staff.publish_posts(by, []),
        lambda by: staff.remove_posts(by, []),
        lambda by: staff.remove_users(by, []),
    ]
    for act in acts:
        with pytest.raises(BlogError) as refused:
            act(eve)
        assert isinstance(refused.value, Throttled)
        act(OPERATOR)


def test_everybody_is_listed_and_found_disabled_or_not(blog_site: Site) -> None:
    for name in ("Ada", "bob", "eve"):
        blog_site.user(name)
    staff = blog_site.blog.staff
    bob = staff.find_user(OPERATOR, "BOB")
    staff.set_active(OPERATOR, [bob.id], active=False)
    assert not staff.find_user(OPERATOR, "bob").is_active
    first = staff.list_users(OPERATOR, limit=2)
    rest = staff.list_users(OPERATOR, after=first[-1].id)
    assert [("Ada", True), ("bob", False), ("eve", True)] == [
        (account.username, account.is_active) for account in first + rest
    ]
    assert first[0] == staff.get_user(OPERATOR, first[0].id)
    with pytest.raises(NotFound):
        staff.find_user(OPERATOR, "nobody")

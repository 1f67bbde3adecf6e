"""Lists of posts: what they hold, in which order, and walking through them."""

import string
from collections.abc import Iterator
from typing import Any

import pytest

from blog_contract.answers import encoded, error_fields
from blog_contract.client import Account, Client, NewPost, NewUser
from blog_contract.resources import FUTURE, PAST, ids, page, query, unique, walk, walk_back
from blog_contract.sentences import sentence

DATES = [f"2001-01-0{day}T00:00:00Z" for day in range(1, 8)]


@pytest.fixture(scope="module")
def writer(new_user: NewUser) -> Account:
    """Somebody whose published posts are those of `published`, for good."""
    return new_user()


@pytest.fixture(scope="module")
def published(writer: Account, new_post: NewPost) -> list[int]:
    """The ids of seven posts, oldest first; the middle three share their date."""
    made = {day: new_post(writer, pub_date=DATES[day]).id for day in (6, 0, 5, 1)}
    middle = [new_post(writer, pub_date=DATES[3]).id for _ in range(3)]
    return [made[0], made[1], *middle, made[5], made[6]]


# What a list holds


@sentence("list-posts", "pages", "post", "json-bytes")
def test_a_page_of_posts_is_the_posts_as_they_are_shown(
    client: Client, new_user: NewUser, new_post: NewPost
) -> None:
    account = new_user()
    posts = [new_post(account, pub_date=date) for date in DATES[:2]]
    shown = [client.get(post.path).json() for post in reversed(posts)]
    answer = client.get(f"/api/posts?author={account.username}")
    assert 200 == answer.status
    assert encoded({"results": shown, "next": None, "previous": None}) == answer.body
    assert answer.header("Link") is None


@sentence("list-posts")
def test_posts_are_listed_newest_first(
    client: Client, writer: Account, published: list[int]
) -> None:
    listed = page(client, f"/api/posts?author={writer.username}").items
    dates = [post["pub_date"] for post in listed]
    assert set(published) == {post["id"] for post in listed}
    assert sorted(dates, reverse=True) == dates


@sentence("list-posts")
def test_the_default_order_is_newest(client: Client, writer: Account, published: list[int]) -> None:
    default = page(client, f"/api/posts?author={writer.username}")
    named = page(client, f"/api/posts?author={writer.username}&order=newest")
    assert len(published) == len(named.items)
    assert named.items == default.items


@sentence("list-posts")
def test_oldest_is_by_date_and_ties_by_id(
    client: Client, writer: Account, published: list[int]
) -> None:
    listed = page(client, f"/api/posts?author={writer.username}&order=oldest")
    assert published == ids(iter([listed]))


@sentence("list-posts")
def test_newest_is_oldest_turned_round(
    client: Client, writer: Account, published: list[int]
) -> None:
    newest = page(client, f"/api/posts?author={writer.username}&order=newest")
    assert published[::-1] == ids(iter([newest]))


@sentence("list-posts", "username")
@pytest.mark.parametrize("spelling", ["upper", "swapcase"])
def test_author_is_found_in_whatever_case(
    client: Client, writer: Account, published: list[int], spelling: str
) -> None:
    name = getattr(writer.username, spelling)()
    assert published == ids(walk(client, f"/api/posts?author={name}&order=oldest"))


@sentence("list-posts", "status")
def test_status_published_is_the_list_without_a_status(
    client: Client, writer: Account, published: list[int]
) -> None:
    path = f"/api/posts?author={writer.username}&status=published&order=oldest"
    assert published == ids(walk(client, path))


@sentence("list-author")
@pytest.mark.parametrize("more", ["", "&order=oldest", "&q=word", "&limit=1", "&status=published"])
def test_an_author_nobody_has_gives_an_empty_page(client: Client, more: str) -> None:
    answer = client.get(f"/api/posts?author={unique('nobody')}{more}")
    assert 200 == answer.status
    assert b'{"results":[],"next":null,"previous":null}' == answer.body
    assert answer.header("Link") is None


@sentence("list-posts")
def test_a_new_post_with_an_old_date_takes_its_place_by_date(
    client: Client, new_user: NewUser, new_post: NewPost
) -> None:
    account = new_user()
    late = new_post(account, pub_date=DATES[5])
    early = new_post(account, pub_date=DATES[1])
    path = f"/api/posts?author={account.username}"
    assert [late.id, early.id] == ids(walk(client, path))


@sentence("list-posts", "publish")
def test_a_post_enters_the_list_by_publishing_and_leaves_it_by_unpublishing(
    client: Client, new_user: NewUser, new_post: NewPost
) -> None:
    account = new_user()
    post = new_post(account)
    path = f"/api/posts?author={account.username}"
    held = []
    for operation in ["publish", "unpublish", "publish"]:
        client.post(f"{post.path}/{operation}", token=account.token, if_match="*")
        held.append(ids(walk(client, path)))
    assert [[post.id], [], [post.id]] == held


# Lists of one's own


@pytest.fixture(scope="module")
def drafts(writer: Account, new_post: NewPost) -> list[int]:
    """The writer's three drafts in the order they were made."""
    return [new_post(writer).id for _ in range(3)]


@pytest.fixture(scope="module")
def scheduled(writer: Account, new_post: NewPost) -> list[int]:
    """The writer's three scheduled posts in the order of their dates, not of their making."""
    third, first, second = (
        new_post(writer, pub_date=f"21{year}-01-01T00:00:00Z").id for year in (30, 10, 20)
    )
    return [first, second, third]


@sentence("list-own")
@pytest.mark.parametrize("author", [False, True], ids=["no-author", "oneself"])
@pytest.mark.parametrize("kind", ["drafts", "scheduled"])
def test_the_own_unpublished_posts_are_listed_in_their_order(
    client: Client,
    writer: Account,
    kind: str,
    author: bool,
    request: pytest.FixtureRequest,
) -> None:
    expected: list[int] = request.getfixturevalue(kind)
    path = f"/api/posts?status={kind.removesuffix('s')}&order="
    if author:
        path = path.replace("?", f"?author={writer.username.swapcase()}&")
    assert expected == ids(walk(client, path + "oldest", token=writer.token))
    assert expected[::-1] == ids(walk(client, path + "newest", token=writer.token))


@sentence("list-own")
def test_the_own_lists_are_newest_first_by_default(
    client: Client, writer: Account, drafts: list[int], scheduled: list[int]
) -> None:
    for status, expected in [("draft", drafts), ("scheduled", scheduled)]:
        listed = walk(client, f"/api/posts?status={status}", token=writer.token)
        assert expected[::-1] == ids(listed)


@sentence("list-own")
def test_an_edit_does_not_move_a_draft_in_its_list(
    client: Client, new_user: NewUser, new_post: NewPost
) -> None:
    account = new_user()
    first, second = new_post(account), new_post(account)
    client.patch(first.path, json={"title": "Edited"}, token=account.token, if_match=first.etag)
    listed = walk(client, "/api/posts?status=draft", token=account.token)
    assert [second.id, first.id] == ids(listed)


@sentence("list-own", "status-401")
@pytest.mark.parametrize("status", ["draft", "scheduled"])
@pytest.mark.parametrize("author", [False, True], ids=["no-author", "an-author"])
def test_the_lists_of_ones_own_need_credentials(
    client: Client, writer: Account, status: str, author: bool
) -> None:
    more = f"&author={writer.username}" if author else ""
    answer = client.get(f"/api/posts?status={status}{more}")
    assert 401 == answer.status
    assert 'Bearer realm="blog"' == answer.header("WWW-Authenticate")


@sentence("list-own", "unpublished-hidden")
@pytest.mark.parametrize("status", ["draft", "scheduled"])
def test_with_the_name_of_another_the_list_of_ones_own_is_empty(
    client: Client,
    writer: Account,
    reader: Account,
    drafts: list[int],
    scheduled: list[int],
    new_post: NewPost,
    status: str,
) -> None:
    new_post(reader, pub_date=FUTURE if status == "scheduled" else None)
    path = f"/api/posts?status={status}&author={writer.username}"
    answer = client.get(path, token=reader.token)
    assert b'{"results":[],"next":null,"previous":null}' == answer.body


@sentence("unpublished-hidden", "list-own")
@pytest.mark.staff
@pytest.mark.parametrize("status", ["draft", "scheduled"])
def test_the_list_of_ones_own_is_that_for_staff_too(
    client: Client,
    writer: Account,
    staff: Account,
    drafts: list[int],
    scheduled: list[int],
    status: str,
) -> None:
    listed = ids(walk(client, f"/api/posts?status={status}&limit=100", token=staff.token))
    assert not set(drafts + scheduled) & set(listed)
    path = f"/api/posts?status={status}&author={writer.username}"
    assert [] == page(client, path, token=staff.token).items


@sentence("unpublished-hidden", "cursor", "pages")
@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("who", ["anonymous", "reader", "author"])
def test_unpublished_posts_change_no_byte_of_any_page(
    client: Client, new_user: NewUser, reader: Account, new_post: NewPost, order: str, who: str
) -> None:
    account = new_user()
    for date in DATES[:5]:
        new_post(account, pub_date=date, content="common")
    token = {"anonymous": None, "reader": reader.token, "author": account.token}[who]
    start = f"/api/posts?author={account.username}&order={order}&limit=2&q=common"
    pages = [here.path for here in walk(client, start, token=token)]
    before = [client.get(path, token=token).body for path in pages]
    new_post(account, content="common")
    new_post(account, pub_date=FUTURE, content="common")
    hidden = new_post(account, pub_date=DATES[2], content="common")
    client.post(f"{hidden.path}/unpublish", token=account.token, if_match=hidden.etag)
    assert before == [client.get(path, token=token).body for path in pages]


# Parameters


@sentence("query", "list-posts")
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("status", "Draft"),
        ("status", "deleted"),
        ("status", ""),
        ("order", "random"),
        ("order", "-pub_date"),
        ("order", "NEWEST"),
        ("order", ""),
        ("author", ""),
        ("q", ""),
        ("q", "x" * 201),
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "-1"),
        ("limit", "%2B5"),
        ("limit", "+5"),
        ("limit", "5.0"),
        ("limit", "05"),
        ("limit", "1_0"),
        ("limit", "1e1"),
        ("limit", "%D9%A5"),
        ("limit", "9" * 30),
        ("limit", "all"),
        ("limit", ""),
        ("cursor", ""),
        ("cursor", "x"),
        ("cursor", "0"),
    ],
)
def test_a_parameter_of_another_form_is_refused(client: Client, parameter: str, value: str) -> None:
    answer = client.get(f"/api/posts?{parameter}={value}")
    assert [parameter] == error_fields(answer)


@sentence("query", "problem-errors")
def test_wrong_parameters_are_named_in_the_order_of_the_contract(client: Client) -> None:
    answer = client.get("/api/posts?cursor=x&limit=0&order=x&q=&status=x")
    named = error_fields(answer)
    expected = ["status", "q", "order", "limit"]
    assert expected == [field for field in named if field != "cursor"]


@sentence("query")
@pytest.mark.parametrize("parameter", ["author", "status", "q", "order", "limit", "cursor"])
def test_a_parameter_given_twice_is_refused(client: Client, parameter: str) -> None:
    value = {"status": "published", "order": "oldest", "limit": "5"}.get(parameter, "x")
    answer = client.get(f"/api/posts?{parameter}={value}&{parameter}={value}")
    assert [parameter] == error_fields(answer)


@sentence("query")
def test_unknown_parameters_are_ignored_even_twice(
    client: Client, writer: Account, published: list[int]
) -> None:
    path = f"/api/posts?author={writer.username}"
    plain = client.get(path)
    assert plain.body == client.get(f"{path}&page=2&page=3&format=xml&AUTHOR=x").body


@sentence("query", "pages")
@pytest.mark.parametrize("path", ["/api/users", "/api/tokens"])
@pytest.mark.parametrize("limit", ["0", "101", "05", "x"])
def test_a_limit_of_another_form_is_refused_by_every_list(
    client: Client, author: Account, path: str, limit: str
) -> None:
    answer = client.get(f"{path}?limit={limit}", token=author.token)
    assert ["limit"] == error_fields(answer)


# Pages


@pytest.fixture(scope="module")
def prolific(new_user: NewUser, new_post: NewPost) -> Account:
    """Somebody with 25 published posts, more than a page."""
    account = new_user()
    for minute in range(25):
        new_post(account, pub_date=f"2001-01-01T00:{minute // 2:02}:00Z")
    return account


@sentence("page-limit")
def test_a_page_has_20_items_without_a_limit(client: Client, prolific: Account) -> None:
    pages = list(walk(client, f"/api/posts?author={prolific.username}"))
    assert [20, 5] == [len(here.items) for here in pages]


@sentence("page-limit", "query")
@pytest.mark.parametrize(
    ("limit", "lengths"),
    [(1, [1] * 25), (7, [7, 7, 7, 4]), (24, [24, 1]), (25, [25]), (100, [25])],
)
def test_a_page_has_as_many_items_as_its_limit(
    client: Client, prolific: Account, limit: int, lengths: list[int]
) -> None:
    pages = list(walk(client, f"/api/posts?author={prolific.username}&limit={limit}"))
    assert lengths == [len(here.items) for here in pages]


@sentence("page-walk", "list-posts")
@pytest.mark.parametrize("limit", [1, 3, 5, 12])
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_following_next_shows_every_item_once_in_order(
    client: Client, prolific: Account, order: str, limit: int
) -> None:
    path = f"/api/posts?author={prolific.username}&order={order}"
    whole = page(client, f"{path}&limit=100")
    pages = list(walk(client, f"{path}&limit={limit}"))
    assert 25 == len(whole.items)
    assert whole.items == [item for here in pages for item in here.items]


@sentence("page-walk")
@pytest.mark.parametrize("limit", [1, 4, 5, 24])
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_following_previous_shows_the_same_pages_backwards(
    client: Client, prolific: Account, order: str, limit: int
) -> None:
    path = f"/api/posts?author={prolific.username}&order={order}&limit={limit}"
    pages = list(walk(client, path))
    back = list(walk_back(client, pages[-1].path))
    assert [here.items for here in pages[::-1]] == [here.items for here in back]


@sentence("page-walk")
def test_one_step_forward_and_one_back_is_where_one_was(client: Client, prolific: Account) -> None:
    first, second, third, *_ = walk(client, f"/api/posts?author={prolific.username}&limit=4")
    back = page(client, third.previous or "")
    assert second.items == back.items
    assert third.items == page(client, back.next or "").items
    assert first.items == page(client, back.previous or "").items


@sentence("pages")
def test_the_first_page_has_no_previous_and_the_last_no_next(
    client: Client, prolific: Account
) -> None:
    pages = list(walk(client, f"/api/posts?author={prolific.username}&limit=10"))
    assert [False, True, True] == [here.previous is not None for here in pages]
    assert [True, True, False] == [here.next is not None for here in pages]


@sentence("pages", "json-bytes")
@pytest.mark.parametrize("number", [0, 1, 2], ids=["first", "middle", "last"])
def test_body_and_link_say_the_same_and_nothing_more(
    client: Client, prolific: Account, number: int
) -> None:
    pages = list(walk(client, f"/api/posts?author={prolific.username}&limit=10"))
    here = pages[number]
    answer = client.get(here.path)
    expected = {"results": here.items, "next": here.next, "previous": here.previous}
    assert encoded(expected) == answer.body
    links = [("next", here.next), ("previous", here.previous)]
    expected_link = ", ".join(f'<{path}>; rel="{rel}"' for rel, path in links if path)
    assert expected_link == answer.header("Link")


@sentence("page-links", "host-not-repeated")
@pytest.mark.parametrize(
    "parameters",
    [
        {"limit": "2"},
        {"limit": "2", "order": "oldest"},
        {"limit": "2", "status": "published", "q": "common words"},
        {"limit": "3", "q": "É&=+%# 猫"},
        {"q": "common"},
    ],
    ids=["limit", "order", "status-and-q", "odd-q", "no-limit"],
)
def test_links_keep_the_known_parameters_and_only_these(
    client: Client, new_user: NewUser, new_post: NewPost, parameters: dict[str, str]
) -> None:
    account = new_user()
    known = {"author": account.username, **parameters}
    for _ in range(int(parameters.get("limit", "20")) + 1):
        new_post(account, title="common words E 猫", pub_date=PAST)
    sent = "&".join(f"{name}={escaped(value)}" for name, value in known.items())
    first = page(client, f"/api/posts?{sent}&utm_source=mail&page=2")
    assert first.next is not None
    assert first.next.startswith("/api/posts?")
    assert known == {k: v for k, v in query(first.next).items() if k != "cursor"}
    second = page(client, first.next)
    assert second.previous is not None
    assert known == {k: v for k, v in query(second.previous).items() if k != "cursor"}


def escaped(text: str) -> str:
    """The text with everything percent-encoded, as a careful client may send it."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


@sentence("page-walk")
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_a_walk_shows_what_stays_once_while_others_come_and_go(
    client: Client, new_user: NewUser, new_post: NewPost, order: str
) -> None:
    account = new_user()
    posts = [new_post(account, pub_date=date) for date in DATES]
    staying = [posts[index].id for index in (0, 2, 4, 6)]
    leaving = [posts[index] for index in (1, 3, 5)]
    seen: list[int] = []
    for here in walk(client, f"/api/posts?author={account.username}&order={order}&limit=2"):
        seen += [post["id"] for post in here.items]
        new_post(account, pub_date=DATES[0])
        new_post(account, pub_date=DATES[6])
        if leaving:
            gone = leaving.pop()
            client.delete(gone.path, token=account.token, if_match="*")
        if len(seen) > 100:
            break
    expected = staying if order == "oldest" else staying[::-1]
    assert len(set(seen)) == len(seen)
    assert expected == [i for i in seen if i in staying]


@sentence("page-walk", "cursor")
def test_a_cursor_outlives_the_posts_beside_it(
    client: Client, new_user: NewUser, new_post: NewPost
) -> None:
    account = new_user()
    posts = [new_post(account, pub_date=date) for date in DATES[:4]]
    first = page(client, f"/api/posts?author={account.username}&order=oldest&limit=2")
    for post in posts[1:3]:
        client.delete(post.path, token=account.token, if_match=post.etag)
    rest = page(client, first.next or "")
    assert [posts[3].id] == ids(iter([rest]))
    assert [posts[0].id] == ids(iter([page(client, rest.previous or "")]))


@sentence("page-walk", "list-own")
def test_a_walk_through_the_drafts_shows_each_once_and_back_again(
    client: Client, new_user: NewUser, new_post: NewPost
) -> None:
    account = new_user()
    made = [new_post(account).id for _ in range(5)]
    pages = list(walk(client, "/api/posts?status=draft&limit=2", token=account.token))
    back = list(walk_back(client, pages[-1].path, token=account.token))
    assert made[::-1] == ids(iter(pages))
    assert [here.items for here in pages[::-1]] == [here.items for here in back]


# Cursors


@pytest.fixture(scope="module")
def second_page(client: Client, prolific: Account) -> str:
    """The path of a second page, its cursor last."""
    first = page(client, f"/api/posts?author={prolific.username}&limit=5")
    parameters = query(first.next or "")
    cursor = parameters.pop("cursor")
    sent = "&".join(f"{name}={value}" for name, value in parameters.items())
    return f"/api/posts?{sent}&cursor={cursor}"


@sentence("cursor")
def test_the_same_cursor_gives_the_same_page(
    client: Client, reader: Account, second_page: str
) -> None:
    expected = client.get(second_page)
    assert 200 == expected.status
    assert expected.body == client.get(second_page).body
    assert expected.body == client.get(second_page, token=reader.token).body


def altered(cursor: str) -> Iterator[str]:
    """The cursor with each of its characters replaced in turn, shortened, and lengthened."""
    letters = string.ascii_letters + string.digits
    for at, char in enumerate(cursor):
        other = letters[(letters.find(char) + 1) % len(letters)]
        yield cursor[:at] + other + cursor[at + 1 :]
    yield from [cursor[:-1], cursor[1:], cursor + "A", cursor + "=", cursor * 2, cursor.swapcase()]


@sentence("cursor")
def test_an_altered_cursor_is_refused_wherever_it_was_altered(
    client: Client, second_page: str
) -> None:
    path, _, cursor = second_page.rpartition("=")
    accepted = [
        other
        for other in altered(cursor)
        if error_fields(client.get(f"{path}={other}")) != ["cursor"]
    ]
    assert [] == accepted


@sentence("cursor")
@pytest.mark.parametrize(
    "other",
    [
        pytest.param("/api/posts?author={author}&order=oldest", id="another-order"),
        pytest.param("/api/posts?author={author}&q=word", id="a-search"),
        pytest.param("/api/posts", id="every-author"),
        pytest.param("/api/posts?author={reader}", id="another-author"),
        pytest.param("/api/posts?author={author}&status=draft", id="another-status"),
        pytest.param("/api/posts?status=scheduled", id="own-list"),
        pytest.param("/api/users", id="users"),
        pytest.param("/api/tokens", id="tokens"),
    ],
)
def test_the_cursor_of_another_list_is_refused(
    client: Client, prolific: Account, reader: Account, second_page: str, other: str
) -> None:
    path = other.format(author=prolific.username, reader=reader.username)
    cursor = second_page.rpartition("=")[2]
    mark = "&" if "?" in path else "?"
    answer = client.get(f"{path}{mark}cursor={cursor}", token=prolific.token)
    assert ["cursor"] == error_fields(answer)


@sentence("cursor")
@pytest.mark.parametrize("path", ["/api/posts", "/api/posts?order=oldest", "/api/tokens"])
def test_the_cursor_of_users_is_of_no_other_list(
    client: Client, author: Account, reader: Account, path: str
) -> None:
    users = page(client, "/api/users?limit=1")
    cursor = query(users.next or "")["cursor"]
    mark = "&" if "?" in path else "?"
    answer = client.get(f"{path}{mark}cursor={cursor}", token=author.token)
    assert ["cursor"] == error_fields(answer)


@sentence("cursor", "page-links")
def test_a_cursor_goes_on_with_another_limit(
    client: Client, prolific: Account, second_page: str
) -> None:
    whole = page(client, f"/api/posts?author={prolific.username}&limit=100")
    rest = page(client, second_page.replace("limit=5", "limit=100"))
    assert whole.items[5:] == rest.items


@sentence("unpublished-hidden", "cursor")
def test_the_cursor_of_anothers_drafts_shows_nothing_of_theirs(
    client: Client, writer: Account, reader: Account, drafts: list[int]
) -> None:
    first = page(client, "/api/posts?status=draft&limit=1", token=writer.token)
    answer = client.get(first.next or "", token=reader.token)
    shown: list[dict[str, Any]] = answer.json().get("results", [])
    assert answer.status in {200, 422}
    assert not set(drafts) & {post["id"] for post in shown}
    assert 401 == client.get(first.next or "").status

"""Search: which posts a query finds."""

import pytest

from blog_contract.client import Account, Client, NewPost, NewUser
from blog_contract.resources import FUTURE, PAST, ids, page, unique, walk
from blog_contract.sentences import sentence
from blog_contract.test_lists import escaped


def finds(
    client: Client, new_post: NewPost, account: Account, text: str, q: str, *, title: str = "Title"
) -> bool:
    """Whether this query finds a post with this text, alone among its author's others."""
    post = new_post(account, title=title, content=text, pub_date=PAST)
    found = ids(walk(client, f"/api/posts?author={account.username}&q={escaped(q)}"))
    client.delete(post.path, token=account.token, if_match=post.etag)
    assert found in ([], [post.id])
    return found == [post.id]


@pytest.fixture(scope="module")
def writer(new_user: NewUser, new_post: NewPost) -> Account:
    """Somebody with one post that no query here finds."""
    account = new_user()
    new_post(account, title="Zzyzx", content="Zzyzx", pub_date=PAST)
    return account


@sentence("search")
@pytest.mark.parametrize(
    ("text", "q"),
    [
        pytest.param("a quick brown fox", "quick", id="one-word"),
        pytest.param("a quick brown fox", "fox quick", id="words-in-any-order"),
        pytest.param("a quick brown fox", "quick quick", id="a-word-twice"),
        pytest.param("a quick brown fox", "  quick   fox  ", id="blanks-around"),
        pytest.param("a quick\tbrown\r\nfox", "brown\tfox", id="other-blanks"),
        pytest.param("**bold**, _and_ `code()`", "bold and code", id="markdown"),
        pytest.param("[link](https://example.org/path)", "example path", id="address"),
        pytest.param("well-known, self-made", "known self", id="hyphens-part-words"),
        pytest.param("well known", "well-known", id="hyphens-part-words-of-a-query"),
        pytest.param("The answer is 42.", "42", id="number"),
        pytest.param("python3 and c3po", "C3PO", id="letters-with-digits"),
        pytest.param("Crème BRÛLÉE", "creme brulee", id="accents-of-the-text"),
        pytest.param("creme brulee", "crème BRÛLÉE", id="accents-of-the-query"),
        pytest.param("cre\u0300me", "cr\u00e8me", id="decomposed-text"),
        pytest.param("cr\u00e8me", "cre\u0300me", id="decomposed-query"),
        pytest.param("Große Straße", "GROSSE strasse", id="sharp-s"),
        pytest.param("Ο ΣΟΦΟΣ", "σοφός", id="final-sigma"),
        pytest.param("Ёлка", "елка", id="cyrillic"),
        pytest.param("ＡＢＣ１２３", "abc123", id="full-width-text"),
        pytest.param("abc123", "ＡＢＣ１２３", id="full-width-query"),
        pytest.param("ｶﾀｶﾅ ｶﾞ", "カタカナ", id="half-width-kana"),
        pytest.param("日本語の本", "本語", id="ideographs-are-words"),
        pytest.param("日本語の本", "語日", id="ideographs-in-any-order"),
        pytest.param("日本語の本", "の", id="kana-are-words"),
        pytest.param("Python入門", "python 門", id="ideographs-beside-letters"),
        pytest.param("𠮷野家", "𠮷", id="astral-ideograph"),
        pytest.param("블로그 글쓰기", "블로그", id="hangul"),
        pytest.param("สวัสดี", "สวัสดี", id="thai"),
        pytest.param("مرحبا بالعالم", "مرحبا", id="arabic"),
        pytest.param("100% of_it", "of it 100", id="wildcards-part-words"),
        pytest.param("Robert'); DROP TABLE posts;--", "drop table", id="sql"),
        pytest.param("to be or not to be", "not AND or", id="operators-are-words-too-and-missing"),
    ],
)
def test_a_query_finds_whole_words(
    client: Client,
    writer: Account,
    new_post: NewPost,
    text: str,
    q: str,
    request: pytest.FixtureRequest,
) -> None:
    expected = not request.node.callspec.id.endswith("missing")
    assert expected is finds(client, new_post, writer, text, q)


@sentence("search")
@pytest.mark.parametrize(
    ("text", "q"),
    [
        pytest.param("a quick brown fox", "quic", id="part-of-a-word-at-its-start"),
        pytest.param("a quick brown fox", "uick", id="part-of-a-word-at-its-end"),
        pytest.param("a quick brown fox", "quicker", id="a-longer-word"),
        pytest.param("a quick brown fox", "quick dog", id="one-word-of-two"),
        pytest.param("a quick brown fox", "quickbrown", id="words-run-together"),
        pytest.param("a quick brown fox", "qu*", id="a-star-is-no-wildcard"),
        pytest.param("a quick brown fox", "q%k", id="percent-is-no-wildcard"),
        pytest.param("a quick brown fox", "qu_ck", id="underscore-is-no-wildcard"),
        pytest.param("a quick brown fox", "quick OR dog", id="no-operator-or"),
        pytest.param("a quick brown fox", "title:quick dog", id="no-operator-colon"),
        pytest.param("a quick brown fox", "' OR '1'='1", id="sql"),
        pytest.param("running", "run", id="no-stemming"),
        pytest.param("日本語の本", "本屋", id="one-ideograph-of-two"),
        pytest.param("42", "4", id="part-of-a-number"),
        pytest.param("python3", "python", id="letters-before-digits"),
    ],
)
def test_a_query_finds_nothing_else(
    client: Client, writer: Account, new_post: NewPost, text: str, q: str
) -> None:
    assert finds(client, new_post, writer, text, q) is False


@sentence("search")
@pytest.mark.parametrize("q", ["%", "_", "*", "-", "...", "'\"", "🐈", "¿?", " ", "\u0301", "()"])
def test_a_query_without_letter_or_digit_finds_nothing(
    client: Client, writer: Account, q: str
) -> None:
    answer = client.get(f"/api/posts?author={writer.username}&q={escaped(q)}")
    assert 200 == answer.status
    assert b'{"results":[],"next":null,"previous":null}' == answer.body


@sentence("search")
def test_title_and_content_are_searched_together(
    client: Client, writer: Account, new_post: NewPost
) -> None:
    first, second = unique("a"), unique("b")
    assert finds(client, new_post, writer, second, f"{second} {first}", title=first)


@sentence("search")
def test_neither_title_and_content_run_together_nor_the_author_is_searched(
    client: Client, new_user: NewUser, new_post: NewPost
) -> None:
    account = new_user()
    first, second = unique("a"), unique("b")
    assert not finds(client, new_post, account, second, first + second, title=first)
    assert not finds(client, new_post, account, "text", account.username)


@sentence("search", "list-posts")
def test_a_search_goes_over_every_author_unless_one_is_named(
    client: Client, author: Account, reader: Account, new_post: NewPost
) -> None:
    word = unique("w")
    first = new_post(author, content=word, pub_date="2001-01-01T00:00:00Z")
    second = new_post(reader, content=word, pub_date="2001-01-02T00:00:00Z")
    new_post(reader, content=f"{word}s", pub_date=PAST)
    assert [second.id, first.id] == ids(walk(client, f"/api/posts?q={word}"))
    assert [first.id, second.id] == ids(walk(client, f"/api/posts?q={word}&order=oldest"))
    named = f"/api/posts?q={word}&author={author.username}"
    assert [first.id] == ids(walk(client, named))


@sentence("search", "page-walk", "page-links")
def test_a_search_is_walked_like_any_list(
    client: Client, author: Account, new_post: NewPost
) -> None:
    word = unique("w")
    made = [new_post(author, content=word, pub_date=PAST).id for _ in range(5)]
    pages = list(walk(client, f"/api/posts?q={word}&order=oldest&limit=2"))
    assert [2, 2, 1] == [len(here.items) for here in pages]
    assert made == ids(iter(pages))


@sentence("search", "patch-post", "put-post")
@pytest.mark.parametrize("field", ["title", "content"])
def test_a_changed_post_is_found_by_its_new_words_alone(
    client: Client, author: Account, new_post: NewPost, field: str
) -> None:
    old, new = unique("old"), unique("new")
    post = new_post(author, **{"title": "Title", field: old, "pub_date": PAST})
    client.patch(post.path, json={field: new}, token=author.token, if_match=post.etag)
    assert [] == ids(walk(client, f"/api/posts?q={old}"))
    assert [post.id] == ids(walk(client, f"/api/posts?q={new}"))


@sentence("unpublished-hidden", "search")
@pytest.mark.parametrize("pub_date", [None, FUTURE], ids=["draft", "scheduled"])
@pytest.mark.parametrize("who", ["anonymous", "reader", "author"])
def test_a_search_finds_no_unpublished_post(
    client: Client,
    author: Account,
    reader: Account,
    new_post: NewPost,
    pub_date: str | None,
    who: str,
) -> None:
    word = unique("secret")
    new_post(author, title=word, content=word, pub_date=pub_date)
    token = {"anonymous": None, "reader": reader.token, "author": author.token}[who]
    answer = client.get(f"/api/posts?q={word}", token=token)
    assert b'{"results":[],"next":null,"previous":null}' == answer.body


@sentence("search", "list-own")
@pytest.mark.parametrize(
    ("status", "pub_date"), [("draft", None), ("scheduled", FUTURE)], ids=["draft", "scheduled"]
)
def test_ones_own_unpublished_posts_are_searched_by_status(
    client: Client,
    author: Account,
    reader: Account,
    new_post: NewPost,
    status: str,
    pub_date: str | None,
) -> None:
    word = unique("mine")
    post = new_post(author, content=word, pub_date=pub_date)
    path = f"/api/posts?status={status}&q={word}"
    assert [post.id] == ids(walk(client, path, token=author.token))
    assert [] == ids(walk(client, path, token=reader.token))


@sentence("search", "publish")
def test_a_search_finds_a_post_from_its_publication_to_its_withdrawal(
    client: Client, author: Account, new_post: NewPost
) -> None:
    word = unique("w")
    post = new_post(author, content=word)
    found = []
    for operation in ["publish", "unpublish"]:
        client.post(f"{post.path}/{operation}", token=author.token, if_match="*")
        found.append(ids(walk(client, f"/api/posts?q={word}")))
    assert [[post.id], []] == found


@sentence("search", "query")
@pytest.mark.parametrize("char", ["x", "猫", "𠮷"], ids=["ascii", "ideograph", "astral"])
def test_a_query_may_have_200_characters_and_no_more(client: Client, char: str) -> None:
    assert 200 == client.get(f"/api/posts?limit=1&q={escaped(char * 200)}").status
    assert 422 == client.get(f"/api/posts?limit=1&q={escaped(char * 201)}").status


@sentence("search", "query-bytes")
def test_plus_and_escaped_blank_part_words_alike(
    client: Client, author: Account, new_post: NewPost
) -> None:
    first, second = unique("a"), unique("b")
    post = new_post(author, content=f"{first} {second}", pub_date=PAST)
    for q in [f"{first}+{second}", f"{first}%20{second}"]:
        assert [post.id] == [item["id"] for item in page(client, f"/api/posts?q={q}").items]
    assert [] == page(client, f"/api/posts?q={first}%2B{second}x").items

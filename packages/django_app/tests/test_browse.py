"""`/browse/` as a user of REST framework meets it."""

import re
from dataclasses import replace
from typing import Any

import pytest
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.test import APIClient, APIRequestFactory

from blog_core import schemas
from blog_core.domain.errors import Invalid
from blog_core.settings import Rate, Settings
from blog_django.browse.listing import Listing
from blog_django.browse.permissions import IsAuthorOrStaffOrReadOnly
from blog_django.browse.serializers import PostSerializer, UserSerializer
from blog_django.models import User

from .conftest import PASSWORD, new_client, on, signed_in

HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}


@pytest.fixture
def ada(settings: Settings) -> APIClient:
    return signed_in("ada")


@pytest.fixture
def post(ada: APIClient) -> dict[str, Any]:
    """A draft of Ada's."""
    made = ada.post("/browse/posts/", {"title": "Engines", "content": "*A*"}, format="json")
    assert status.HTTP_201_CREATED == made.status_code
    data: dict[str, Any] = made.json()
    return data


def path(post: dict[str, Any], rest: str = "") -> str:
    return f"/browse/posts/{post['id']}/{rest}"


def text(answer: Any) -> str:
    return str(answer.content.decode())


# --- serializers ---------------------------------------------------------------------------------


def test_a_serializer_says_what_the_core_says() -> None:
    serializer = PostSerializer(data={"title": "", "content": "x", "pub_date": None, "x": 1})
    assert not serializer.is_valid()
    assert {"title": ["too_short"], "x": ["unknown"]} == {
        field: [error.code for error in errors] for field, errors in serializer.errors.items()
    }


def test_a_serializer_gives_an_instance_of_the_schema_and_the_version() -> None:
    values = {"title": " Engines ", "content": "", "pub_date": None, "version": 3}
    serializer = PostSerializer(data=values)
    assert serializer.is_valid(raise_exception=True)
    content = schemas.PostContent(title="Engines", content="", pub_date=None)
    assert (content, 3) == (serializer.validated_data, serializer.made_from)
    partial = PostSerializer(data={"content": "b"}, partial=True)
    assert partial.is_valid(raise_exception=True)
    assert {"content"} == partial.validated_data.model_fields_set


def test_a_password_is_taken_and_never_shown() -> None:
    shown = UserSerializer(schemas.OwnUser(1, "ada", "2026", "ada@example.org", False)).data
    assert ["id", "joined", "username", "email"] == list(shown)
    values = {"username": "ada", "email": "a@example.org", "password": "password"}
    with pytest.raises(ValidationError, match="most common"):
        UserSerializer(data=values).is_valid(raise_exception=True)


# --- authentication ------------------------------------------------------------------------------


def test_the_sites_session_signs_in(ada: APIClient) -> None:
    me = ada.get("/browse/me/").json()
    assert ("ada", "ada@example.org", False) == (me["username"], me["email"], me["is_staff"])


@pytest.mark.parametrize("keyword", ["Bearer", "Token", "token"])
def test_a_token_signs_in_until_it_is_ended(ada: APIClient, keyword: str) -> None:
    client = new_client()
    credentials = {"username": "ada", "password": PASSWORD}
    made = client.post("/browse/tokens/", credentials, format="json")
    assert status.HTTP_201_CREATED == made.status_code
    client.credentials(HTTP_AUTHORIZATION=f"{keyword} {made.json()['token']}")
    assert "ada" == client.get("/browse/me/").json()["username"]
    listed = client.get("/browse/tokens/").json()["results"]
    assert [made.json()["id"]] == [token["id"] for token in listed]
    assert "token" not in listed[0]
    assert 204 == client.delete(f"/browse/tokens/{made.json()['id']}/").status_code
    answer = client.get("/browse/me/")
    assert (401, 'Bearer realm="blog"') == (answer.status_code, answer["WWW-Authenticate"])


def test_nobody_signed_in_is_asked_to(client: APIClient) -> None:
    for answer in (
        client.get("/browse/me/"),
        client.post("/browse/posts/", {"title": "Engines"}, format="json"),
        client.get("/browse/tokens/"),
    ):
        assert status.HTTP_401_UNAUTHORIZED == answer.status_code


def test_another_sites_page_cannot_use_the_session(ada: APIClient) -> None:
    elsewhere = {"sec-fetch-site": "cross-site"}
    answer = ada.post("/browse/posts/", {"title": "Stolen"}, headers=elsewhere)
    assert status.HTTP_403_FORBIDDEN == answer.status_code


# --- permissions ---------------------------------------------------------------------------------


def test_who_may_change_a_post_is_said_by_the_permission_class() -> None:
    permission, factory = IsAuthorOrStaffOrReadOnly(), APIRequestFactory()
    mine = schemas.Post(1, "t", "", None, "draft", schemas.Author(7, "ada"), "", "", 1)

    def allowed(method: str, user: User) -> bool:
        request: Any = factory.generic(method, "/")
        request.user = user
        view: Any = None
        return permission.has_object_permission(request, view, mine)

    assert allowed("PUT", User(pk=7))
    assert allowed("PUT", User(pk=8, is_staff=True))
    assert not allowed("PUT", User(pk=8))
    assert allowed("GET", User(pk=8))


def test_a_post_is_changed_by_its_author_and_by_staff(ada: APIClient, post: dict[str, Any]) -> None:
    other, grace = signed_in("lovelace"), signed_in("grace", is_staff=True)
    change = {"title": "Looms", "version": post["version"]}
    assert 404 == other.patch(path(post), change, format="json").status_code
    published = ada.post(path(post, "publish/"), {"version": 1}, format="json")
    assert "published" == published.json()["status"]
    assert 403 == other.patch(path(post), change, format="json").status_code
    change["version"] = published.json()["version"]
    assert 200 == grace.patch(path(post), change, format="json").status_code


# --- versions ------------------------------------------------------------------------------------


def test_a_change_says_which_version_it_is_made_from(ada: APIClient, post: dict[str, Any]) -> None:
    change = {"title": "Looms"}
    assert 428 == ada.patch(path(post), change, format="json").status_code
    etag = {"if-match": '"1"'}
    changed = ada.patch(path(post), change, format="json", headers=etag)
    assert ('"2"', 2) == (changed["ETag"], changed.json()["version"])
    assert 412 == ada.patch(path(post), change, format="json", headers=etag).status_code
    assert 412 == ada.delete(path(post), {"version": 1}, format="json").status_code
    assert 204 == ada.delete(path(post), {"version": 2}, format="json").status_code
    assert 404 == ada.get(path(post)).status_code


# --- throttles -----------------------------------------------------------------------------------


def test_reads_count_to_the_cores_limit_here_and_at_the_api(settings: Settings) -> None:
    with on(replace(settings, limit_reads=Rate(2, 60))):
        client = new_client()
        assert [200, 200] == [client.get(at).status_code for at in ("/browse/posts/", "/api/posts")]
        answer = client.get("/browse/posts/")
        assert status.HTTP_429_TOO_MANY_REQUESTS == answer.status_code
        assert 0 < int(answer["Retry-After"]) <= 60


def test_sign_ups_and_writes_count_to_the_cores_limits(settings: Settings) -> None:
    with on(replace(settings, limit_sign_up=Rate(1, 60), limit_writes=Rate(1, 60))):
        client = new_client()
        new = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}
        assert 201 == client.post("/browse/users/", new, format="json").status_code
        assert 429 == client.post("/browse/users/", new, format="json").status_code
        author = signed_in("lovelace")
        made = [author.post("/browse/posts/", {"title": "Looms"}, format="json") for _ in "ab"]
        assert [201, 429] == [answer.status_code for answer in made]
        assert "Retry-After" in made[1].headers


# --- lists ---------------------------------------------------------------------------------------


def test_a_list_is_narrowed_before_it_is_asked_for() -> None:
    asked: list[schemas.PostQuery] = []

    def use_case(query: schemas.PostQuery) -> schemas.Page[Any]:
        asked.append(query)
        return schemas.Page([], None, None)

    listing = Listing(use_case, schemas.PostQuery)
    listing.narrowed(author="ada").narrowed(q="looms").page(limit="5")
    assert [schemas.PostQuery(author="ada", q="looms", limit=5)] == asked
    with pytest.raises(Invalid):
        listing.narrowed(order="upwards").page()


def test_pages_are_linked_to_and_fro(ada: APIClient) -> None:
    for number in range(5):
        made = ada.post("/browse/posts/", {"title": f"Post {number}"}, format="json").json()
        ada.post(path(made, "publish/"), {"version": 1}, format="json")
    url, titles = "/browse/posts/?limit=2&order=oldest", []
    while url:
        page = ada.get(url).json()
        titles += [post["title"] for post in page["results"]]
        last, url = page, page["next"]
    assert [f"Post {number}" for number in range(5)] == titles
    assert ["Post 2", "Post 3"] == [
        post["title"] for post in ada.get(last["previous"]).json()["results"]
    ]
    shown = text(ada.get("/browse/posts/?limit=2", headers=HTML))
    assert re.search(r'<a href="[^"]*cursor=[^"]*"', shown)
    answer = ada.get("/browse/posts/?cursor=x")
    assert (400, ["cursor"]) == (answer.status_code, list(answer.json()))


def test_posts_are_filtered_searched_and_ordered(ada: APIClient, post: dict[str, Any]) -> None:
    looms = ada.post("/browse/posts/", {"title": "Café looms"}, format="json").json()
    ada.post(path(looms, "publish/"), {"version": 1}, format="json")

    def titles(query: str) -> list[str]:
        answer = ada.get(f"/browse/posts/?{query}")
        return [found["title"] for found in answer.json()["results"]]

    assert ["Café looms"] == titles("")
    assert ["Engines"] == titles("status=draft")
    assert ["Café looms"] == titles("q=cafe&author=ADA&order=oldest")
    assert [] == titles("q=engines")
    shown = text(ada.get("/browse/posts/?status=draft", headers=HTML))
    for control in ('name="author"', "<option selected>draft", 'name="q"', "order=oldest"):
        assert control in shown, control


# --- the browsable API ---------------------------------------------------------------------------


def test_the_root_leads_to_everything(client: APIClient) -> None:
    links = client.get("/browse/").json()
    assert {"posts", "users", "tokens", "me"} == set(links)
    for name in ("posts", "users"):
        assert 200 == client.get(links[name]).status_code
    assert "/browse/" == client.get("/browse")["Location"]
    shown = text(client.get("/browse/", headers=HTML))
    assert "/login?next=/browse/" in shown
    assert not re.search(r"<script(?![^>]* src=)(?![^>]*json)| on\w+=", shown)


def test_its_forms_make_change_and_delete_a_post(ada: APIClient) -> None:
    form = text(ada.get("/browse/posts/", headers=HTML))
    assert 'name="title"' in form
    assert 'name="content"' in form
    fields = {"title": "Engines", "content": "a\r\nb", "pub_date": ""}
    made = ada.post("/browse/posts/", fields, format="multipart", headers=HTML)
    assert status.HTTP_201_CREATED == made.status_code
    where = made["Location"]
    form = text(ada.get(where, headers=HTML))
    assert 'data-method="DELETE"><input type="hidden" name="version" value="1">' in form
    [version] = re.findall(r'name="version"[^>]*type="number"[^>]*value="(\d+)"', form)
    changed = ada.put(
        where, {**fields, "title": "Looms", "version": version}, format="multipart", headers=HTML
    )
    assert (200, "a\nb") == (changed.status_code, ada.get(where).json()["content"])
    again = ada.put(where, {**fields, "version": version}, format="multipart", headers=HTML)
    assert 412 == again.status_code
    kind = "application/x-www-form-urlencoded"
    # REST framework shows a page where there would be nothing to show.
    assert 200 == ada.delete(where, "version=2", content_type=kind, headers=HTML).status_code
    assert 404 == ada.get(where).status_code


def test_a_refused_form_says_why_beside_the_field(ada: APIClient) -> None:
    fields = {"title": "", "content": "kept"}
    answer = ada.post("/browse/posts/", fields, format="multipart", headers=HTML)
    assert status.HTTP_400_BAD_REQUEST == answer.status_code
    assert "A title has at least 1 character." in text(answer)
    assert "kept" in text(answer)


def test_publishing_has_a_form_too(ada: APIClient, post: dict[str, Any]) -> None:
    asked = ada.get(path(post, "publish/"), headers=HTML)
    assert status.HTTP_405_METHOD_NOT_ALLOWED == asked.status_code
    assert 'name="pub_date"' in text(asked)
    assert 'value="1"' in text(asked)
    fields = {"pub_date": "", "version": "1"}
    done = ada.post(path(post, "publish/"), fields, format="multipart", headers=HTML)
    assert 200 == done.status_code
    assert "published" == ada.get(path(post)).json()["status"]
    undone = ada.post(path(post, "unpublish/"), {"version": "2"}, format="multipart", headers=HTML)
    assert "draft" == ada.get(path(post)).json()["status"], text(undone)


def test_oneself_is_changed_and_deleted(ada: APIClient) -> None:
    changed = ada.patch("/browse/me/", {"username": "lovelace"}, format="json")
    assert ("lovelace", 200) == (changed.json()["username"], changed.status_code)
    signed_in("grace")
    taken = ada.patch("/browse/me/", {"username": "Grace"}, format="json")
    assert (409, {"username": ["This is taken."]}) == (taken.status_code, taken.json())
    assert 204 == ada.delete("/browse/me/").status_code
    assert 401 == ada.get("/browse/me/").status_code

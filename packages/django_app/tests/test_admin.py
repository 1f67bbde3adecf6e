"""The admin as staff meet it: reads by Django's models, writes by the core's use cases."""

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connections
from rest_framework.test import APIClient

from blog_core.schemas import OPERATOR, Credentials, Expected, NewPost, PostChanges
from blog_core.settings import Rate, Settings
from blog_django.models import Post, StaffAction, User
from blog_django.session import blog

from .conftest import PASSWORD, new_client, on, signed_in

FORM = "application/x-www-form-urlencoded"


def send(client: APIClient, path: str, **fields: Any) -> Any:
    """What a browser sends from a page of the site."""
    own = {"sec-fetch-site": "same-origin"}
    return client.post(path, fields, format="multipart", headers=own)


def caller(client: APIClient) -> Credentials:
    return Credentials(session=client.cookies["session"].value)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def form(client: APIClient, path: str) -> dict[str, str]:
    """The fields of a form as they are shown."""
    page = text(client.get(path))
    found: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", page):
        name = re.search(r'name="(\w+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and 'type="submit"' not in tag:
            if 'type="checkbox"' in tag:
                if "checked" in tag:
                    found[name[1]] = "on"
            else:
                found[name[1]] = value[1] if value else ""
    areas = re.findall(r'<textarea name="(\w+)"[^>]*>\s?([^<]*)</textarea>', page)
    found |= dict(areas)
    return {name: value for name, value in found.items() if not name.startswith("_")}


def errors(answer: Any) -> str:
    lists = re.findall(r'<ul class="errorlist[^"]*"[^>]*>(.*?)</ul>', text(answer), re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", one) for one in lists)


@pytest.fixture
def post(staff: APIClient) -> Post:
    """A draft of Ada's."""
    ada = signed_in("ada")
    made = ada.post("/api/posts", {"title": "Engines", "content": "*Analytical*"}, format="json")
    return Post.objects.get(pk=made.json()["id"])


# --- who comes in --------------------------------------------------------------------------------


def test_whoever_is_not_signed_in_is_led_to_the_sites_form_and_back(client: APIClient) -> None:
    answer = client.get("/admin/blog/post/?q=engines")
    assert 303 == answer.status_code
    assert "/login?next=/admin/blog/post/%3Fq%3Dengines" == answer["Location"]


def test_a_session_that_is_no_staffs_is_forbidden(settings: Settings) -> None:
    reader = signed_in("ada")
    for path in ("/admin/", "/admin/blog/user/", "/admin/blog/user/1/change/", "/admin/jsi18n/"):
        assert 403 == reader.get(path).status_code, path
        assert 403 == send(reader, path).status_code, path


def test_a_session_of_staff_is_let_in_with_their_name(staff: APIClient) -> None:
    page = text(staff.get("/admin/"))
    assert "grace" in page
    assert "/admin/blog/post/" in page


def test_who_is_taken_off_the_staff_is_out_at_once(staff: APIClient) -> None:
    assert 200 == staff.get("/admin/").status_code
    grace = User.objects.get_by_natural_key("GRACE")
    grace.is_staff = False
    grace.save()
    assert 403 == staff.get("/admin/").status_code


def test_the_admins_own_sign_in_is_the_sites(staff: APIClient) -> None:
    led = staff.get("/admin/login/")
    assert (303, "/login?next=/admin/") == (led.status_code, led["Location"])
    assert "/settings" == staff.get("/admin/password_change/")["Location"]


def test_signing_out_of_the_admin_ends_the_sites_session(staff: APIClient) -> None:
    assert 405 == staff.get("/admin/logout/").status_code
    answer = send(staff, "/admin/logout/")
    assert (303, "/") == (answer.status_code, answer["Location"])
    assert 303 == staff.get("/admin/").status_code
    assert 401 == staff.get("/api/me").status_code


def test_what_another_sites_page_sends_is_refused(staff: APIClient, post: Post) -> None:
    fields = form(staff, f"/admin/blog/post/{post.pk}/change/") | {"title": "Stolen"}
    path, elsewhere = f"/admin/blog/post/{post.pk}/change/", {"sec-fetch-site": "cross-site"}
    assert 403 == staff.post(path, fields, format="multipart", headers=elsewhere).status_code
    assert "Engines" == Post.objects.get(pk=post.pk).title


def test_there_is_no_cookie_but_the_sites_and_the_messages(staff: APIClient, post: Post) -> None:
    send(staff, "/admin/blog/post/", action="publish", _selected_action=post.pk)
    staff.get("/admin/blog/post/")
    assert {"session", "messages"} >= set(staff.cookies)


def test_pages_hold_no_script_and_no_style_of_their_own(staff: APIClient, post: Post) -> None:
    send(staff, f"/admin/blog/post/{post.pk}/change/", title="")
    for path in (
        "/admin/",
        "/admin/blog/",
        "/admin/blog/post/",
        "/admin/blog/post/add/",
        f"/admin/blog/post/{post.pk}/change/",
        f"/admin/blog/post/{post.pk}/delete/",
        f"/admin/blog/post/{post.pk}/history/",
        "/admin/blog/user/",
        "/admin/blog/user/1/change/",
    ):
        answer = staff.get(path)
        assert 200 == answer.status_code, path
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert not re.search(
            r"<script(?![^>]* src=)(?![^>]*json)|<style| style=| on\w+=", text(answer)
        )


def test_a_file_of_the_admin_is_sent_to_anybody_and_kept(client: APIClient) -> None:
    path = f"{django_settings.STATIC_URL}admin/css/base.css"
    answer = client.get(path)
    assert (200, 'text/css; charset="utf-8"') == (answer.status_code, answer["Content-Type"])
    assert "immutable" in answer["Cache-Control"]
    again = client.get(path, headers={"if-none-match": answer["ETag"]})
    assert (304, b"") == (again.status_code, again.content)
    assert 404 == client.get(f"{django_settings.STATIC_URL}admin/css/none.css").status_code
    assert (
        200 == client.get(f"{django_settings.STATIC_URL}rest_framework/js/default.js").status_code
    )


# --- reading -------------------------------------------------------------------------------------


def test_posts_are_listed_filtered_searched_and_gone_through_by_date(
    staff: APIClient, post: Post
) -> None:
    for title, when in (("Café late", "2020-02-03"), ("Looms", "2999-01-01")):
        new = NewPost(title=title, pub_date=datetime.fromisoformat(f"{when}T12:00:00+00:00"))
        blog().staff.add_post(OPERATOR, post.author_id, new)

    def shown(query: str) -> list[str]:
        page = text(staff.get(f"/admin/blog/post/?{query}"))
        return sorted(re.findall(r"/change/[^>]*>([^<]+)</a></th>", page))

    assert ["Café late", "Engines", "Looms"] == shown("")
    assert ["Engines"] == shown("status=draft")
    assert ["Looms"] == shown("status=scheduled")
    assert ["Café late"] == shown("status=published")
    assert ["Café late"] == shown("q=CAFE")
    assert ["Engines"] == shown("q=analytical+ada")
    assert ["Café late"] == shown("pub_date__year=2020")
    assert 'href="?pub_date__year=2020"' in text(staff.get("/admin/blog/post/"))


def test_users_are_listed_filtered_and_searched(staff: APIClient, post: Post) -> None:
    def shown(query: str) -> list[str]:
        page = text(staff.get(f"/admin/blog/user/?{query}"))
        return re.findall(r"/change/[^>]*>([^<]+)</a></th>", page)

    assert ["ada", "grace"] == shown("")
    assert ["grace"] == shown("is_staff__exact=1")
    assert ["ada"] == shown("q=ada%40example")
    assert [] == shown("is_active__exact=0")


def test_an_author_is_found_while_typing(staff: APIClient, post: Post) -> None:
    query = "app_label=blog&model_name=post&field_name=author&term=ad"
    found = staff.get(f"/admin/autocomplete/?{query}").json()
    assert [{"id": f"{post.author_id}", "text": "ada"}] == found["results"]


# --- writing posts -------------------------------------------------------------------------------


def test_a_post_is_written_for_an_author(staff: APIClient, post: Post) -> None:
    fields = {"author": post.author_id, "title": " Looms ", "content": "a\r\nb"}
    dates = {"pub_date_0": "2026-01-02", "pub_date_1": "03:04:05"}
    answer = send(staff, "/admin/blog/post/add/", **fields, **dates)
    assert (302, "/admin/blog/post/") == (answer.status_code, answer["Location"])
    made = Post.objects.latest("id")
    assert ("Looms", "a\nb", "ada") == (made.title, made.content, made.author.username)
    assert datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) == made.pub_date
    assert "was added successfully" in text(staff.get(answer["Location"]))


def test_a_change_moves_the_version_and_leaves_what_was_not_touched(
    staff: APIClient, post: Post
) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    blog().staff.publish_posts(OPERATOR, [post.pk])
    ada = signed_in("lovelace")
    published = blog().get_post(caller(staff), post.pk)
    blog().change_post(caller(staff), post.pk, PostChanges(pub_date=at), Expected(any=True))
    path = f"/admin/blog/post/{post.pk}/change/"
    etag = ada.get(f"/api/posts/{post.pk}")["ETag"]
    assert 302 == send(staff, path, **form(staff, path) | {"title": "Looms"}).status_code
    stored = Post.objects.get(pk=post.pk)
    assert ("Looms", "*Analytical*", at) == (stored.title, stored.content, stored.pub_date)
    assert published.version + 2 == stored.version
    old = {"if-match": etag, "sec-fetch-site": "same-origin"}
    changes = {"title": "Lost"}
    answer = staff.patch(f"/api/posts/{post.pk}", changes, format="json", headers=old)
    assert 412 == answer.status_code


def test_a_form_that_changes_nothing_writes_nothing(staff: APIClient, post: Post) -> None:
    path = f"/admin/blog/post/{post.pk}/change/"
    assert 302 == send(staff, path, **form(staff, path)).status_code
    assert post.version == Post.objects.get(pk=post.pk).version


def test_of_two_changes_the_second_is_asked_again_with_what_was_typed(
    staff: APIClient, post: Post
) -> None:
    path = f"/admin/blog/post/{post.pk}/change/"
    opened = form(staff, path)
    assert 302 == send(staff, path, **opened | {"title": "Engines and looms"}).status_code
    refused = send(staff, path, **opened | {"title": "Engines and lamps"})
    assert 409 == refused.status_code
    assert "Somebody has changed this" in errors(refused)
    assert "Engines and looms" in errors(refused)
    assert 'value="Engines and lamps"' in text(refused)
    assert "Engines and looms" == Post.objects.get(pk=post.pk).title
    [version] = re.findall(r'name="made_from" value="(\d+)"', text(refused))
    again = send(staff, path, **opened | {"title": "Engines and lamps", "made_from": version})
    assert 302 == again.status_code
    assert "Engines and lamps" == Post.objects.get(pk=post.pk).title


def test_what_the_core_refuses_is_said_in_the_form(staff: APIClient, post: Post) -> None:
    path = f"/admin/blog/post/{post.pk}/change/"
    opened = form(staff, path)
    answer = send(staff, path, **opened | {"title": "Engines\x85"})
    assert (200, "A title is one line without control characters.") == (
        answer.status_code,
        errors(answer),
    )
    assert "At most 100000 characters." == errors(
        send(staff, path, **opened | {"content": "x" * 100_001})
    )


def test_posts_are_published_unpublished_and_deleted_together(staff: APIClient, post: Post) -> None:
    other = blog().staff.add_post(OPERATOR, post.author_id, NewPost(title="Looms"))
    chosen = {"_selected_action": [post.pk, other.id]}
    for action, status in (("publish", "published"), ("unpublish", "draft")):
        assert 302 == send(staff, "/admin/blog/post/", action=action, **chosen).status_code
        assert {status} == {one.status for one in Post.objects.all()}
    asked = send(staff, "/admin/blog/post/", action="delete_selected", **chosen)
    assert "Are you sure" in text(asked)
    assert 2 == Post.objects.count()
    confirmed = {"action": "delete_selected", "post": "yes", **chosen}
    assert 302 == send(staff, "/admin/blog/post/", **confirmed).status_code
    assert 0 == Post.objects.count()


def test_a_post_is_deleted_after_a_question_that_was_about_this_version(
    staff: APIClient, post: Post
) -> None:
    path = f"/admin/blog/post/{post.pk}/delete/"
    asked = form(staff, path)
    blog().staff.publish_posts(OPERATOR, [post.pk])
    stale = send(staff, path, **asked)
    assert (302, path) == (stale.status_code, stale["Location"])
    assert "It has changed since" in text(staff.get(path))
    assert 302 == send(staff, path, **form(staff, path)).status_code
    assert not Post.objects.exists()


# --- writing users -------------------------------------------------------------------------------


def test_a_user_is_added_and_can_sign_in(staff: APIClient) -> None:
    fields = {"username": "ada", "email": "ada@example.org", "new_password": PASSWORD}
    assert 302 == send(staff, "/admin/blog/user/add/", **fields).status_code
    credentials = {"username": "ada", "password": PASSWORD}
    assert 201 == new_client().post("/api/tokens", credentials, format="json").status_code


def test_what_the_core_refuses_of_a_user_is_said_beside_the_field(
    staff: APIClient, post: Post
) -> None:
    fields = {"username": "Ada", "email": "ADA@example.org", "new_password": PASSWORD}
    taken = send(staff, "/admin/blog/user/add/", **fields)
    assert 409 == taken.status_code
    assert 2 == text(taken).count("This is taken.")
    assert PASSWORD not in text(taken)
    weak = send(staff, "/admin/blog/user/add/", **fields | {"new_password": "password"})
    assert "This password is among the most common ones." == errors(weak)


def test_another_password_ends_the_users_sessions_and_an_empty_one_changes_nothing(
    staff: APIClient,
) -> None:
    ada = signed_in("ada")
    path = f"/admin/blog/user/{User.objects.get(username='ada').pk}/change/"
    assert 302 == send(staff, path, **form(staff, path) | {"email": "a@b.example"}).status_code
    assert "a@b.example" == ada.get("/api/me").json()["email"]
    changed = form(staff, path) | {"new_password": "eight lives, no boots"}
    assert 302 == send(staff, path, **changed).status_code
    assert 401 == ada.get("/api/me").status_code
    assert User.objects.get(username="ada").check_password("eight lives, no boots")


def test_an_account_that_has_changed_meanwhile_is_asked_for_again(
    staff: APIClient, post: Post
) -> None:
    path = f"/admin/blog/user/{post.author_id}/change/"
    opened = form(staff, path)
    ada = User.objects.get(pk=post.author_id)
    ada.email = "countess@example.org"
    ada.save()
    refused = send(staff, path, **opened | {"username": "lovelace"})
    assert 409 == refused.status_code
    assert "countess@example.org" in errors(refused)
    assert "ada" == User.objects.get(pk=post.author_id).username


def test_users_are_disabled_and_enabled_together(staff: APIClient) -> None:
    clients = [signed_in("ada"), signed_in("lovelace")]
    ids = list(User.objects.filter(is_staff=False).values_list("pk", flat=True))
    assert (
        302 == send(staff, "/admin/blog/user/", action="disable", _selected_action=ids).status_code
    )
    assert [401, 401] == [one.get("/api/me").status_code for one in clients]
    assert 2 == User.objects.filter(is_active=False).count()
    assert (
        302 == send(staff, "/admin/blog/user/", action="enable", _selected_action=ids).status_code
    )
    assert 0 == User.objects.filter(is_active=False).count()


def test_nobody_shuts_themselves_out(staff: APIClient) -> None:
    grace = User.objects.get(username="grace").pk
    chosen = {"_selected_action": [grace]}
    answer = send(staff, "/admin/blog/user/", action="disable", **chosen)
    assert 302 == answer.status_code
    assert "This is yourself" in text(staff.get("/admin/blog/user/"))
    fields = form(staff, f"/admin/blog/user/{grace}/change/")
    del fields["is_staff"]
    refused = send(staff, f"/admin/blog/user/{grace}/change/", **fields)
    assert 403 == refused.status_code
    assert "This is yourself" in errors(refused)
    assert User.objects.get(pk=grace).is_staff


def test_a_user_is_deleted_with_what_is_theirs(staff: APIClient, post: Post) -> None:
    path = f"/admin/blog/user/{post.author_id}/delete/"
    asked = text(staff.get(path))
    assert "1 posts" in asked
    assert "1 sessions" in asked
    assert 302 == send(staff, path, **form(staff, path)).status_code
    assert (1, 0) == (User.objects.count(), Post.objects.count())


def test_too_many_writes_are_refused_in_the_form(settings: Settings) -> None:
    with on(replace(settings, limit_writes=Rate(1, 60))):
        staff = signed_in("grace", is_staff=True)
        for name, status in (("ada", 302), ("lovelace", 429)):
            email = f"{name}@example.org"
            fields = {"username": name, "email": email, "new_password": PASSWORD}
            answer = send(staff, "/admin/blog/user/add/", **fields)
            assert status == answer.status_code
        assert "too often" in errors(answer)
        assert not User.objects.filter(username="lovelace").exists()


# --- history -------------------------------------------------------------------------------------


def test_what_staff_did_is_shown_from_the_cores_record(staff: APIClient, post: Post) -> None:
    path = f"/admin/blog/post/{post.pk}/change/"
    send(staff, path, **form(staff, path) | {"title": "Looms"})
    send(staff, "/admin/blog/post/", action="publish", _selected_action=post.pk)
    found = StaffAction.objects.filter(kind="post").values_list("staff", "action")
    assert [("grace", "published"), ("grace", "changed title")] == list(found)
    history = text(staff.get(f"/admin/blog/post/{post.pk}/history/"))
    assert ["published", "changed title"] == re.findall(
        r"<td>(published|changed title)</td>", history
    )
    assert "Looms" in text(staff.get("/admin/"))
    path = f"/admin/blog/post/{post.pk}/delete/"
    send(staff, path, **form(staff, path))
    assert 200 == staff.get("/admin/").status_code
    assert "deletelink" in text(staff.get("/admin/"))


# --- the database --------------------------------------------------------------------------------


def test_the_models_cannot_write_past_the_use_cases(staff: APIClient, post: Post) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        Post.objects.filter(pk=post.pk).update(title="Past the core")
    with pytest.raises(TypeError, match="use cases"):
        post.save()


def test_a_use_case_inside_the_admins_transaction_is_not_locked_out(
    settings: Settings, staff: APIClient
) -> None:
    """Threads of the admin and of the API write to one SQLite file at once."""
    author = User.objects.get(username="grace").pk
    cookie = staff.cookies["session"].value
    clients = [new_client() for _ in range(4)]

    def write(number: int) -> list[int]:
        client = clients[number]
        client.cookies["session"] = cookie
        try:
            return [by_admin(client) if number % 2 else by_api(client) for _ in range(10)]
        finally:
            connections.close_all()

    def by_admin(client: APIClient) -> int:
        fields = {"author": author, "title": "By the admin", "content": ""}
        status: int = send(client, "/admin/blog/post/add/", **fields).status_code
        return status

    def by_api(client: APIClient) -> int:
        own = {"sec-fetch-site": "same-origin"}
        new = {"title": "By the API"}
        return client.post("/api/posts", new, format="json", headers=own).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = [status for found in pool.map(write, range(4)) for status in found]
    assert 20 * [201] + 20 * [302] == sorted(statuses)
    assert (20, 20) == tuple(
        Post.objects.filter(title=title).count() for title in ("By the admin", "By the API")
    )


def test_a_page_leaves_no_connection_open(staff: APIClient) -> None:
    for path in ("/admin/blog/post/", "/browse/me/"):
        assert 200 == staff.get(path).status_code
        assert [] == [one.alias for one in connections.all() if one.connection is not None], path


def test_a_database_that_does_not_answer_is_said_as_elsewhere(
    settings: Settings, staff: APIClient
) -> None:
    path = settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as other:
        other.execute("ALTER TABLE posts RENAME TO gone")
    other.close()
    answer = staff.get("/admin/blog/post/")
    assert 503 == answer.status_code
    assert "out of breath" in text(answer)

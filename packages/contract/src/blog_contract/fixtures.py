"""What the tests of the suite ask for; loaded by the plugin where a target is given."""

import secrets
from typing import Any

import pytest

from blog_contract.browser import Browser, SignedIn
from blog_contract.client import Account, Client, From, NewPost, NewUser, Post
from blog_contract.plugin import limited_key, targets_key

PASSWORD = "nine lives, no boots"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "target_name" in metafunc.fixturenames:
        names = list(dict.fromkeys(metafunc.config.option.target))
        metafunc.parametrize("target_name", names, scope="session")


@pytest.fixture(scope="session")
def client(target_name: str, request: pytest.FixtureRequest) -> Client:
    """The implementation under test."""
    return Client(request.config.stash[targets_key][target_name])


@pytest.fixture(scope="session")
def new_user(client: Client) -> NewUser:
    """Signs up a user with a name that nobody has, and signs them in."""

    def sign_up(**fields: Any) -> Account:
        name = f"u{secrets.token_hex(8)}"
        form = {"username": name, "email": f"{name}@example.org", "password": PASSWORD} | fields
        answer = client.post("/api/users", json=form)
        assert answer.status == 201, answer.body
        return signed_in(client, form["username"], form["password"])

    return sign_up


@pytest.fixture(scope="session")
def new_post(client: Client) -> NewPost:
    """Makes a post; a draft with a title of its own unless the fields say otherwise."""

    def create(account: Account, **fields: Any) -> Post:
        form = {"title": f"Post {secrets.token_hex(8)}"} | fields
        answer = client.post("/api/posts", json=form, token=account.token)
        assert answer.status == 201, answer.body
        path, etag = answer.header("Location"), answer.header("ETag")
        assert path is not None
        assert etag is not None
        body = answer.json()
        return Post(body["id"], path, etag, body)

    return create


@pytest.fixture(scope="session")
def author(new_user: NewUser) -> Account:
    """An account for tests that leave it as it is."""
    return new_user()


@pytest.fixture(scope="session")
def reader(new_user: NewUser) -> Account:
    """Another account for tests that leave it as it is."""
    return new_user()


@pytest.fixture
def anybody(client: Client) -> Browser:
    """A visitor who is not signed in."""
    return Browser(client)


@pytest.fixture(scope="session")
def browser(client: Client, author: Account) -> Browser:
    """The author's, for tests that leave them signed in."""
    return Browser(client).sign_in(author)


@pytest.fixture(scope="session")
def other_browser(client: Client, reader: Account) -> Browser:
    """The reader's, for tests that leave them signed in."""
    return Browser(client).sign_in(reader)


@pytest.fixture(scope="session")
def sign_in(client: Client) -> SignedIn:
    """Opens a browser of its own for an account."""
    return lambda account: Browser(client).sign_in(account)


@pytest.fixture(scope="session")
def staff(client: Client, request: pytest.FixtureRequest) -> Account:
    """The staff account that `--staff` names."""
    username, _, password = request.config.option.staff.partition(":")
    return signed_in(client, username, password)


@pytest.fixture(scope="session")
def limited(request: pytest.FixtureRequest) -> Client:
    """The implementation where one of each is allowed a day, see `--limited`."""
    return Client(request.config.stash[limited_key])


class Elsewhere:
    """Makes clients of a limited implementation, each in a network where nobody has been."""

    def __init__(self, limited: Client) -> None:
        self._target = limited.target

    def __call__(self) -> Client:
        return self.at(f"{self.ipv6()}::1")

    def at(self, address: str) -> Client:
        """One at this address."""
        return From(self._target, address)

    @staticmethod
    def ipv4() -> str:
        """The first three numbers of an address: a network of 24 bits."""
        return f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}"

    @staticmethod
    def ipv6() -> str:
        """The first four groups of an address: a network of 64 bits."""
        return f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}"


@pytest.fixture(scope="session")
def elsewhere(limited: Client) -> Elsewhere:
    """Clients of the limited implementation that have not asked for anything yet."""
    return Elsewhere(limited)


@pytest.fixture(scope="session")
def lossy_server(request: pytest.FixtureRequest) -> bool:
    """Whether the server keeps from the application how paths and header names were sent."""
    lossy: bool = request.config.option.lossy_server
    return lossy


@pytest.fixture(scope="session")
def openid(request: pytest.FixtureRequest) -> str:
    """A provider of sign-ins of the implementation, which does not answer."""
    name: str = request.config.option.openid
    return name


@pytest.fixture(scope="session")
def cors_origin(request: pytest.FixtureRequest) -> str:
    """An origin on the allow-list of the implementation."""
    origin: str = request.config.option.cors_origin
    return origin


def signed_in(client: Client, username: str, password: str) -> Account:
    """The account with a new token; fails where it cannot sign in."""
    answer = client.post("/api/tokens", json={"username": username, "password": password})
    assert answer.status == 201, f"{username} cannot sign in: {answer.body!r}"
    token = answer.json()["token"]
    own = client.get("/api/me", token=token).json()
    return Account(own["id"], own["username"], own["email"], password, token)

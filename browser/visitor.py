"""A visitor with a browser, who notices what a browser complains about."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

PICTURES = Path(__file__).parent / "pictures"
PASSWORD = "a garden with three windows"
REFUSED = "Failed to load resource: the server responded with a status of"


class Visitor:
    """One browser context, all its windows, and what went wrong in any of them."""

    def __init__(self, context: BrowserContext, site: str, others: tuple[str, ...] = ()) -> None:
        """`others` are sites that it may come by; what they have on their pages is theirs."""
        context.set_default_timeout(20_000)
        self.context = context
        self.site = site
        self.complaints: list[str] = []
        self._others = others
        self._expected: set[int] = set()
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)
        self.page = context.new_page()

    def window(self) -> Page:
        """One more window of the same browser."""
        return self.context.new_page()

    def go(self, path: str, page: Page | None = None) -> None:
        """Go to this path of the site."""
        (page or self.page).goto(self.site + path)

    @contextmanager
    def expecting(self, status: int) -> Iterator[None]:
        """Inside the block, a page with this status is no complaint; there has to be one."""
        seen: list[int] = []

        def note(response: Response) -> None:
            seen.append(response.status)

        self._expected.add(status)
        self.context.on("response", note)
        try:
            yield
        finally:
            self._expected.discard(status)
            self.context.remove_listener("response", note)
        assert status in seen, f"no page had status {status}: {seen}"

    def register(self, name: str) -> None:
        """Register at the site, which signs in."""
        self.go("/register")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Email").fill(f"{name}@example.com")
        self.page.get_by_label("Password").fill(PASSWORD)
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Register").click()

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """Sign in on the page that stands open, or on /login."""
        if self.path != "/login":
            self.go("/login")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(password)
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Sign in").click()

    @property
    def path(self) -> str:
        """The path of the page that stands open."""
        return urlsplit(self.page.url).path

    @property
    def path_and_query(self) -> str:
        return self.page.url.removeprefix(self.site)

    def _console(self, message: ConsoleMessage) -> None:
        # What has a bad status is told by _response, where it may be expected.
        if self._is_elsewhere(message.page):
            return
        if message.type in {"error", "warning"} and not message.text.startswith(REFUSED):
            self.complaints.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if self._is_elsewhere(request.frame.page):
            return
        if not request.url.startswith((self.site + "/", "data:", "about:", *self._others)):
            self.complaints.append(f"from elsewhere: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.complaints.append(f"{response.status}: {response.url}")

    def _is_elsewhere(self, page: Page | None) -> bool:
        return bool(self._others) and page is not None and page.url.startswith(self._others)

    def _failed(self, request: Request) -> None:
        if self._is_elsewhere(request.frame.page):
            return
        # An icon that was still on its way when the page was left is given up by the browser.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.url} {request.failure}")

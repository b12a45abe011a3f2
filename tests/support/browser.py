"""Pages in a real browser: Chromium without a window, driven by playwright, and a server on this machine.

``open_page(url, dark=False, width=1280)`` opens a page, from a file or from ``serve(folder)``, and gives an :class:`Opened`,
which answers like playwright's own page and keeps account of what went on in it: ``page.check()`` at the end of a test
says that nothing was wrong. ``axe_violations(page)`` asks axe-core what keeps people from using it.

Chromium is what LATTEBOARD_CHROMIUM names, or the first of NAMES on the path. Without one these tests are skipped, unless
LATTEBOARD_BROWSER=required says that there must be one.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",  # shared memory is small in many containers
)
HEIGHT = 900  # of the window, pixels
# What the policy of a page forbids is told to the document and nowhere else for certain.
LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
});
"""

OpenPage = Callable[..., "Opened"]
Serve = Callable[[Path], str]


@dataclass
class Opened:
    """An open page and what went on in it; whatever is not here is asked of playwright's page.

    Attributes
    ----------
    page : playwright's
    home : the folder that no request may leave, as a URL
    requests : the URL of everything that was asked for
    messages : what stood in the console, as "type: text"
    errors : exceptions that nobody caught, requests that failed, errors in the console
    """

    page: "Page"
    home: str
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.errors.append(f"failed: {request.url} {request.failure}"))
        self.page.on("response", self._note_response)
        self.page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        self.page.on("console", self._note_message)
        self.page.add_init_script(LISTEN)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.page, name)

    def until(self, expression: str, arg: Any = None, *, seconds: float = 60.0) -> Any:
        """What an expression, or a function of ``arg``, gives once that is something.

        Asked again and again from here: to wait inside the page is to evaluate text, which its policy forbids.
        """
        deadline = time.monotonic() + seconds
        while not (found := self.page.evaluate(expression, arg)):
            assert time.monotonic() < deadline, f"{self.page.url}: never came true: {expression}"
            self.page.wait_for_timeout(10)
        return found

    def wrong(self) -> list[str]:
        """Errors, what the page did against its policy, and requests that left its folder."""
        outside = [f"outside: {url}" for url in self.requests if not self._is_at_home(url)]
        return [*self.errors, *self.page.evaluate("window.violations"), *outside]

    def check(self) -> None:
        """Fail if anything was wrong."""
        assert self.wrong() == [], self.page.url

    def _is_at_home(self, url: str) -> bool:
        return url.startswith(self.home) or urlsplit(url).scheme in ("data", "blob")

    def _note_response(self, response: Any) -> None:
        if response.status >= 400:
            self.errors.append(f"{response.status}: {response.url}")

    def _note_message(self, message: Any) -> None:
        self.messages.append(f"{message.type}: {message.text}")
        if message.type == "error":
            self.errors.append(f"console: {message.text}")


def executable() -> str | None:
    """The browser on this machine, None if there is none."""
    named = os.environ.get("LATTEBOARD_CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def launched(path: str) -> Iterator["Browser"]:
    """A browser with a fresh profile, its sandbox on unless it is root's, which Chromium refuses."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        sandbox = os.geteuid() != 0
        with closing(driver.chromium.launch(executable_path=path, args=QUIET, chromium_sandbox=sandbox)) as browser:
            yield browser


def opened(browser: "Browser", url: str, *, dark: bool = False, width: int = 1280, height: int = HEIGHT) -> Opened:
    """A page in a window of its own that remembers nothing; its scripts have run when this returns."""
    scheme = "dark" if dark else "light"
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
    home = urljoin(url, ".") if url.startswith("file:") else urljoin(url, "/")
    page = Opened(context.new_page(), home)
    page.goto(url)
    return page


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A web server for a folder, on this machine only; gives the URL of the folder, with a slash at its end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Silent(SimpleHTTPRequestHandler):
    timeout = 5  # a browser opens connections ahead, and may never use them

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def axe_violations(page: Opened) -> list[str]:
    """Findings of axe-core on a page as it stands: a line for each element, with the rule that it breaks and why."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page.page).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]}: {' '.join(node['failureSummary'].split())}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    path = executable()
    if path is None:
        stop = pytest.fail if os.environ.get("LATTEBOARD_BROWSER") == "required" else pytest.skip
        stop(f"no browser: expected one of {', '.join(NAMES)} on the path, or one that LATTEBOARD_CHROMIUM names")
    with launched(path) as browser:
        yield browser


@pytest.fixture
def open_page(chromium: "Browser") -> Iterator[OpenPage]:
    with ExitStack() as pages:

        def open_(url: str | Path, **options: Any) -> Opened:
            page = opened(chromium, url.absolute().as_uri() if isinstance(url, Path) else url, **options)
            pages.callback(page.context.close)
            return page

        yield open_


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as servers:
        yield lambda folder: servers.enter_context(served(folder))

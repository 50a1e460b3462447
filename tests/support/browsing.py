"""Pages in a real browser: what they request, and what goes wrong on them."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

SECONDS = 1000
"""playwright counts milliseconds."""
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@contextmanager
def launched(*flags: str) -> Iterator[Any]:
    """Start Chromium; skip the test if it or playwright is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        pytest.skip("no Chromium in the PATH")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", *flags], timeout=60 * SECONDS
        )
        yield browser
        browser.close()


class Page:
    """A visitor's browser on a page, with all requests and errors."""

    def __init__(self, browser: Any, address: str, script: str = "", **options: Any) -> None:
        self.address = address
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.context = browser.new_context(**options)
        self.context.add_init_script(script)
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.page = self.context.new_page()
        self.page.set_default_timeout(60 * SECONDS)
        self.page.on("console", self.listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(address)

    def listen(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def check(self) -> None:
        """Check that nothing came from elsewhere, no error occurred, and the page fits."""
        own = (self.address, "data:", "blob:")
        assert [url for url in self.asked if not url.startswith(own)] == []
        assert self.complaints == []
        width, window = self.page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert width <= window


@contextmanager
def closed(visits: Sequence[Page]) -> Iterator[None]:
    """Close the browsers of visits that are made in this context."""
    yield
    for each in visits:
        each.context.close()

"""Somebody who visits a served page with a real browser."""

import shutil
from pathlib import Path
from typing import Any

from tests.support.serving import pixels

SECONDS = 1000
"""playwright counts milliseconds."""
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def chromium() -> str | None:
    """Where the browser is."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


class Visit:
    """A visitor of the page, with all requests and errors of their browser."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.address = address
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(30 * SECONDS)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", self.listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(address)
        self.button("Translate").wait_for()

    def listen(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def check(self) -> None:
        """Nothing from elsewhere, no error, nothing wider than the window."""
        own = (self.address, "data:", "blob:")
        assert [url for url in self.asked if not url.startswith(own)] == []
        assert self.complaints == []
        width, window = self.page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert width <= window

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def choose(self, path: Path) -> None:
        """One picture, until it is shown."""
        self.page.locator("input[type=file]").first.set_input_files(path)
        self.page.locator(f"img[src*='{path.name}']").first.wait_for()

    def shown(self) -> Any:
        """The translation that the slider shows, (H, W, 3), as soon as there is one."""
        self.page.locator("img[src*='after.jpg']").first.wait_for()
        source = self.page.locator("img[src*='after.jpg']").first.get_attribute("src")
        return pixels(self.context.request.get(source).body())

    def taken_home(self, name: str) -> tuple[str, bytes]:
        """What a button downloads."""
        with self.page.expect_download() as started:
            self.button(name).click()
        return started.value.suggested_filename, Path(started.value.path()).read_bytes()

    def many(self, paths: list[Path], arrive: bool = True) -> None:
        """Several files, until their upload is done if they are to arrive."""
        self.page.get_by_role("tab", name="Many pictures").click()
        self.button("Translate all").wait_for()
        self.page.locator("input[type=file][multiple]").set_input_files(paths)
        if arrive:
            self.page.locator(".file-preview tr").nth(len(paths) - 1).wait_for()

    def refusal(self) -> str:
        """What the page says is wrong."""
        toast = self.page.get_by_test_id("toast-body").first
        toast.wait_for()
        text = " ".join(str(toast.inner_text()).split())
        toast.get_by_test_id("toast-close").click()
        toast.wait_for(state="detached")
        return text

"""Visit a served page with a real browser."""

from pathlib import Path
from typing import Any

from tests.support.browsing import Page
from tests.support.serving import pixels


class Visit(Page):
    """A visitor of `gan serve`."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        super().__init__(browser, address, **options)
        self.button("Translate").wait_for()

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def choose(self, path: Path) -> None:
        """Upload one image, and wait until it is shown."""
        self.page.locator("input[type=file]").first.set_input_files(path)
        self.page.locator(f"img[src*='{path.name}']").first.wait_for()

    def shown(self) -> Any:
        """Wait for the slider's translation, and return it as (H, W, 3)."""
        self.page.locator("img[src*='after.jpg']").first.wait_for()
        source = self.page.locator("img[src*='after.jpg']").first.get_attribute("src")
        return pixels(self.context.request.get(source).body())

    def taken_home(self, name: str) -> tuple[str, bytes]:
        """Return the name and content of a button's download."""
        with self.page.expect_download() as started:
            self.button(name).click()
        return started.value.suggested_filename, Path(started.value.path()).read_bytes()

    def many(self, paths: list[Path], arrive: bool = True) -> None:
        """Upload several files; if `arrive`, wait until the upload is complete."""
        self.page.get_by_role("tab", name="Many pictures").click()
        self.button("Translate all").wait_for()
        self.page.locator("input[type=file][multiple]").set_input_files(paths)
        if arrive:
            self.page.locator(".file-preview tr").nth(len(paths) - 1).wait_for()

    def rejection(self) -> str:
        """Return the text of the page's error message, and close it."""
        toast = self.page.get_by_test_id("toast-body").first
        toast.wait_for()
        text = " ".join(str(toast.inner_text()).split())
        toast.get_by_test_id("toast-close").click()
        toast.wait_for(state="detached")
        return text

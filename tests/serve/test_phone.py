"""The page on a phone and for first-time visitors, in a real browser."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.support.browsing import SECONDS
from tests.support.serving import Picture, Server, pixels
from tests.support.standin import NAME
from tests.support.visits import Visit

Come = Callable[..., Visit]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
INSIDE = """id => {
  const box = document.getElementById(id).getBoundingClientRect();
  return box.top >= -1 && box.bottom <= innerHeight + 1;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_takes_a_picture_by_https_and_sees_its_translation(
    scheme: str, visit: Come, secure_server: Server
) -> None:
    assert secure_server.address.startswith("https://")
    seen = visit("secure_server", ignore_https_errors=True, color_scheme=scheme, **PHONE)
    seen.page.get_by_label("Capture from camera").click()
    seen.page.get_by_text("Click to Access Webcam").click()
    seen.page.wait_for_function("document.querySelector('video')?.videoWidth > 0")
    seen.page.get_by_label("capture photo").click()
    seen.page.locator("#photo img").first.wait_for()
    seen.button("Translate").click()
    assert seen.rejection().endswith("megapixels; at most 0.1 allowed")  # the stand-in's limit
    seen.check()
    seen.page.get_by_label("Example 1").click()
    seen.page.locator("#photo img[src*='try']").first.wait_for()
    seen.page.wait_for_timeout(SECONDS)  # until Gradio's client has closed its stream of events
    seen.button("Translate").click()
    assert seen.shown().shape == (64, 48, 3)
    seen.page.wait_for_function(INSIDE, arg="result")
    assert seen.taken_home("Download")[0] == "try 0_-negative-ab.jpg"
    seen.check()


def test_plain_http_from_another_machine_offers_no_camera(
    visit: Come, server: Server, picture: Picture
) -> None:
    """Browsers offer no camera without https, and the button would show an error."""
    seen = visit()
    camera = seen.page.get_by_label("Capture from camera")
    camera.wait_for()
    there = f"http://{NAME}:{urlsplit(server.address).port}"
    other = visit(there, **PHONE)
    assert other.page.evaluate("isSecureContext") is False
    # The page's script hides it when the page is complete.
    other.page.get_by_label("Capture from camera").wait_for(state="hidden")
    source = picture("noise.png")
    other.choose(source)
    other.button("Translate").click()
    result = pixels(other.taken_home("Download")[1])
    np.testing.assert_array_equal(result, 255 - pixels(source.read_bytes()))
    other.check()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_result_scrolls_into_view(visit: Come, picture: Picture, motion: str) -> None:
    seen = visit(reduced_motion=motion, **PHONE)
    seen.choose(picture("noise.png", size=(160, 120)))
    assert not seen.page.evaluate(INSIDE, "result")
    seen.button("Translate").tap()
    seen.shown()
    seen.page.wait_for_function(INSIDE, arg="result")
    seen.check()


def test_the_page_does_not_scroll_after_the_visitor_has(
    visit: Come, picture: Picture, server: Server
) -> None:
    seen = visit(viewport={"width": 390, "height": 844})
    seen.choose(picture("noise.png", size=(160, 120)))
    server.hold.touch()
    try:
        seen.button("Translate").click()
        seen.page.wait_for_function(INSIDE, arg="result")
        for _ in range(50):  # the page may still be on its way down
            seen.page.mouse.wheel(0, -5000)
            seen.page.wait_for_timeout(100)
            if seen.page.evaluate("scrollY") == 0:
                break
        assert seen.page.evaluate("scrollY") == 0
    finally:
        server.hold.unlink()
    seen.shown()
    seen.page.wait_for_timeout(0.7 * SECONDS)  # the time that scrolling would take
    assert seen.page.evaluate("scrollY") == 0
    seen.check()


def test_examples_belong_to_the_chosen_model_and_are_translated(visit: Come) -> None:
    seen = visit()
    purpose = "document.querySelector('#purpose .prose').innerText.trim() === {!r}"
    seen.page.wait_for_function(purpose.format("light → dark Turns <b>light</b> into dark."))
    shelf = seen.page.locator(".examples:not(.other) button")
    shelf.nth(2).wait_for()
    assert shelf.count() == 3
    seen.page.get_by_label("Example 3").click()
    seen.page.locator("#photo img[src*='try']").first.wait_for()
    seen.page.wait_for_timeout(SECONDS)  # until Gradio's client has closed its stream of events
    seen.button("Translate").click()
    np.testing.assert_allclose(seen.shown(), 255 - 160, atol=2)
    seen.page.get_by_label("Model and direction").click()
    seen.page.get_by_role("option", name="same: A → B").click()
    shelf.first.wait_for(state="hidden")
    seen.page.wait_for_function(purpose.format(""))
    seen.page.get_by_label("Model and direction").click()
    seen.page.get_by_role("option", name="negative: light → dark").click()
    shelf.nth(2).wait_for()
    seen.check()


def test_a_batch_shows_the_newest_images_and_failures(
    visit: Come, picture: Picture, tmp_path: Path
) -> None:
    names = [f"<u>{number}</u>.png" for number in range(3)]
    with zipfile.ZipFile(tmp_path / "tree.zip", "w") as archive:
        for number, name in enumerate(names):
            archive.write(picture(f"{number}.png", number), name)
        archive.writestr("<img src=x onerror=alert(1)>.png", b"no image, but long enough")
    seen = visit(**PHONE)
    seen.many([tmp_path / "tree.zip"])
    assert not seen.button("Stop").is_enabled()
    seen.button("Translate all").tap()
    seen.page.get_by_text("4 of 4 done, 1 failed").wait_for()
    figures = seen.page.locator(".thumbnails figure")
    assert figures.all_inner_texts() == names[::-1]
    seen.page.wait_for_function(
        "[...document.querySelectorAll('.thumbnails img')].every(img => img.naturalWidth === 40)"
    )
    failed = seen.page.locator(".failures li").all_inner_texts()
    assert failed == ["<img src=x onerror=alert(1)>.png: not an image of a known kind"]
    seen.page.wait_for_function(
        "document.getElementById('state').getBoundingClientRect().top < innerHeight"
    )
    name, data = seen.taken_home("Download the zip")
    assert name == "translated.zip"
    assert not seen.button("Stop").is_enabled()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first = archive.read(archive.namelist()[0])
    sent = picture("0.png", 0).read_bytes()
    np.testing.assert_array_equal(pixels(first), 255 - pixels(sent))
    seen.check()


def test_stop_is_active_while_a_batch_runs(visit: Come, picture: Picture, server: Server) -> None:
    seen = visit()
    seen.many([picture("a.png")])
    server.hold.touch()
    try:
        seen.button("Translate all").click()
        seen.page.get_by_text("0 of 1 done").wait_for()
        assert seen.button("Stop").is_enabled()
        seen.button("Stop").click()
        seen.page.get_by_text("Stopped.").wait_for()
        assert not seen.button("Stop").is_enabled()
    finally:
        server.hold.unlink()
    seen.check()

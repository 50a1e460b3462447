"""The page in a real browser: visitors' actions work, and invalid input is rejected."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.browsing import SECONDS
from tests.support.hostile import huge_png
from tests.support.serving import Picture, Server, pixels
from tests.support.visits import Visit


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_picture_is_translated_shown_and_downloaded(
    scheme: str, width: int, visit: Callable[..., Visit], picture: Picture
) -> None:
    source = picture("noise.png", size=(160, 120))
    seen = visit(viewport={"width": width, "height": 844}, color_scheme=scheme)
    seen.choose(source)
    seen.button("Translate").click()
    assert seen.shown().shape == (120, 160, 3)
    name, data = seen.taken_home("Download")
    assert name == "noise-negative-ab.png"
    np.testing.assert_array_equal(pixels(data), 255 - pixels(source.read_bytes()))
    seen.check()


def test_the_border_between_before_and_after_moves(
    visit: Callable[..., Visit], picture: Picture
) -> None:
    seen = visit()
    seen.choose(picture("noise.png", size=(160, 120)))
    seen.button("Translate").click()
    seen.shown()
    handle = seen.page.locator(".slider-wrap .outer, .slider-wrap .outer.fixed").first
    handle.wait_for()
    start = handle.bounding_box()
    middle = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    seen.page.mouse.move(*middle)
    seen.page.mouse.down()
    seen.page.mouse.move(middle[0] - 60, middle[1], steps=6)
    seen.page.mouse.up()
    # Within a pixel: the browser reports fractions of one.
    assert handle.bounding_box()["x"] == pytest.approx(start["x"] - 60, abs=1)
    seen.check()


def test_the_chosen_model_direction_and_strength_are_used(
    visit: Callable[..., Visit], picture: Picture
) -> None:
    source = picture("noise.png")
    seen = visit()
    seen.choose(source)
    seen.page.get_by_label("Model and direction").click()
    seen.page.get_by_role("option", name="same: A → B").click()
    seen.button("Translate").click()
    seen.shown()
    name, data = seen.taken_home("Download")
    assert name == "noise-same-ab.png"
    np.testing.assert_array_equal(pixels(data), pixels(source.read_bytes()))
    seen.page.get_by_label("Model and direction").click()
    seen.page.get_by_role("option", name="negative: light → dark").click()
    seen.page.get_by_label("number input for Strength").fill("0.5")
    seen.page.get_by_label("number input for Strength").blur()
    first = seen.page.locator("img[src*='after.jpg']").first.get_attribute("src")
    seen.button("Translate").click()
    seen.page.locator(f"img[src*='after.jpg']:not([src='{first}'])").first.wait_for()
    half = pixels(seen.taken_home("Download")[1])
    assert set(np.unique(half)) <= {127, 128}  # the mean of a value and its negative
    seen.check()


def test_a_zip_and_pictures_are_returned_as_a_zip(
    visit: Callable[..., Visit], picture: Picture, tmp_path: Path
) -> None:
    sources = {f"tree/{seed}.png": picture(f"{seed}.png", seed) for seed in range(3)}
    with zipfile.ZipFile(tmp_path / "tree.zip", "w") as archive:
        for name, path in sources.items():
            archive.write(path, name)
        archive.writestr("../<img src=x onerror=alert(1)>.png", b"no image, but long enough")
    sources["single.png"] = picture("single.png", 9)
    seen = visit()
    seen.many([tmp_path / "tree.zip", sources["single.png"]])
    seen.button("Translate all").click()
    seen.page.get_by_text("5 of 5 done, 1 failed").wait_for()
    name, data = seen.taken_home("Download the zip")
    assert name == "translated.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == [*sources, "failed.tsv"]
        assert "onerror" in archive.read("failed.tsv").decode()
        for member, path in sources.items():
            np.testing.assert_array_equal(
                pixels(archive.read(member)), 255 - pixels(path.read_bytes())
            )
    seen.check()


def test_an_invalid_file_is_rejected_in_one_line(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    (tmp_path / "text.png").write_bytes(b"no image at all, but long enough to be one")
    seen = visit()
    seen.button("Translate").click()
    assert "choose a picture first" in seen.rejection()
    seen.page.locator("input[type=file]").first.set_input_files(tmp_path / "text.png")
    seen.page.locator("img[src*='text.png']").first.wait_for(state="attached")
    seen.button("Translate").click()
    assert seen.rejection().endswith("not an image of a known kind")
    seen.check()


def test_visitors_file_names_are_escaped_on_the_page(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("<img src=x onerror=alert(1)>.png", b"no image, but long enough")
    seen = visit()
    seen.many([tmp_path / "bad.zip"])
    seen.button("Translate all").click()
    assert "<img src=x onerror=alert(1)>.png: not an image of a known kind" in seen.rejection()
    seen.check()


def test_a_bomb_is_rejected_and_the_page_still_works(
    visit: Callable[..., Visit], picture: Picture, tmp_path: Path
) -> None:
    (tmp_path / "bomb.png").write_bytes(huge_png(20_000, 15_000))
    seen = visit()
    seen.page.locator("input[type=file]").first.set_input_files(tmp_path / "bomb.png")
    seen.page.locator("img[src*='bomb.png']").first.wait_for(state="attached")
    seen.button("Translate").click()
    assert "300.0 megapixels; at most 0.1 allowed" in seen.rejection()
    seen.check()
    other = visit()
    other.choose(picture("noise.png"))
    other.button("Translate").click()
    assert other.shown().shape == (32, 40, 3)
    other.check()


def test_too_large_an_upload_is_rejected_in_one_line(
    visit: Callable[..., Visit], picture: Picture, tmp_path: Path
) -> None:
    (tmp_path / "heavy.png").write_bytes(bytes(1_000_001))
    seen = visit()
    seen.page.locator("input[type=file]").first.set_input_files(tmp_path / "heavy.png")
    assert "exceed the maximum allowed size" in seen.rejection()
    seen.page.wait_for_timeout(3.5 * SECONDS)  # until Gradio has canceled the upload
    seen.check()
    seen.many([picture(f"{seed}.png", seed, size=(300, 300)) for seed in range(4)], arrive=False)
    assert "more than 1 MB at once" in seen.rejection()


def test_two_users_at_once_get_their_own_results(
    visit: Callable[..., Visit], picture: Picture
) -> None:
    sources = [picture(f"{seed}.png", seed) for seed in range(2)]
    both = [visit(), visit()]
    for seen, source in zip(both, sources, strict=True):
        seen.choose(source)
    for seen in both:
        seen.button("Translate").click()
    for seen, source in zip(both, sources, strict=True):
        seen.shown()
        result = pixels(seen.taken_home("Download")[1])
        np.testing.assert_array_equal(result, 255 - pixels(source.read_bytes()))
        seen.check()


def test_a_batch_can_be_stopped(
    visit: Callable[..., Visit], picture: Picture, server: Server
) -> None:
    seen = visit()
    seen.many([picture(f"{seed}.png", seed) for seed in range(3)])
    server.hold.touch()
    try:
        seen.button("Translate all").click()
        seen.page.get_by_text("0 of 3 done").wait_for()
        seen.button("Stop").click()
    finally:
        server.hold.unlink()
    other = visit()
    other.choose(picture("noise.png"))
    other.button("Translate").click()
    other.shown()  # other images of the batch would have been translated before this one
    assert seen.page.get_by_text("3 of 3 done").count() == 0
    seen.check()


def test_the_camera_takes_a_picture(visit: Callable[..., Visit]) -> None:
    seen = visit()
    seen.page.get_by_label("Capture from camera").click()
    seen.page.get_by_text("Click to Access Webcam").click()
    seen.page.wait_for_function("document.querySelector('video')?.videoWidth > 0")
    seen.page.get_by_label("capture photo").click()
    seen.page.locator("img[src*='image.png'], img[src*='webp'], img[src*='jpg']").first.wait_for()
    seen.check()

"""The page of format web in a real browser, from a plain file server."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan.domains import Direction
from gan.inference.translator import Translator
from tests.support.sites import TRAINED, Visit, served, stop

pytestmark = pytest.mark.slow
Come = Callable[..., Visit]
PHONE = {
    "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True,
    "color_scheme": "dark",
}  # fmt: skip
PRETENDED = "Object.defineProperty(navigator, 'gpu', {value: {requestAdapter: async () => ({})}});"
"""A GPU that the page finds and its worker does not."""

ENDLESS = """
const send = Worker.prototype.postMessage;
let held = false;
Worker.prototype.postMessage = function (message, ...rest) {
  if (held || message.task !== 'translate') return send.call(this, message, ...rest);
  held = true;
};"""
"""The first translation does not end."""


def noise(path: Path, width: int, height: int, mode: str = "RGB", **options: Any) -> Path:
    shape = (height // 4 + 1, width // 4 + 1, len(Image.new(mode, (1, 1)).getbands()))
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8).squeeze()
    Image.fromarray(pixels.repeat(4, 0).repeat(4, 1)[:height, :width]).save(path, **options)
    return path


def distance(site: Path, result: Path, source: Path, direction: Direction, size: int) -> int:
    """Return the largest difference in gray levels from what `gan translate --size` computes."""
    run = site.with_name("run")
    translator = Translator.load(run, direction, device="cpu", size=size)
    expected = np.asarray(translator.translate(source)).astype(int)
    with Image.open(result) as image:
        found = np.asarray(image.convert("RGB")).astype(int)
    assert found.shape == expected.shape
    assert np.ptp(expected) > 50  # it shows something
    return int(np.abs(found - expected).max())


def test_pixels_are_those_of_gan_translate(visit: Come, site: Path, tmp_path: Path) -> None:
    seen = visit()
    assert seen.find("size").locator("option:checked").inner_text() == "40, as in the training"
    name, result = seen.translate(noise(tmp_path / "a.png", 52, TRAINED))
    assert name == "a-ab.png"
    assert distance(site, result, tmp_path / "a.png", "ab", TRAINED) <= 2
    # Enlarged to its working size and back, then shrunk, both to odd sizes.
    for width, height, size in ((61, 47, 256), (301, 389, TRAINED)):
        source = noise(tmp_path / f"{width}.png", width, height)
        result = seen.translate(source, size)[1]
        assert distance(site, result, source, "ab", size) <= 2
    seen.find("direction").select_option("1")
    seen.wait("^Ready")
    name, result = seen.translate(noise(tmp_path / "b.c.png", 41, TRAINED))
    assert name == "b.c-ba.png"
    assert distance(site, result, tmp_path / "b.c.png", "ba", TRAINED) <= 2
    assert {url for url in seen.asked if url.endswith(".onnx")} != set()
    seen.check()


def test_after_the_first_visit_it_works_without_a_server(
    visit: Come, site: Path, tmp_path: Path
) -> None:
    with served(site) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        seen = visit(address)
        seen.find("offline").wait_for()
        seen.context.set_offline(True)
        stop(server)
    for place in (address, f"{address}index.html"):
        seen.page.goto(place)
        seen.wait("^Ready")
        source = noise(tmp_path / "a.png", TRAINED, 48)
        assert distance(site, seen.translate(source)[1], source, "ab", TRAINED) <= 2
    seen.check()
    seen.find("direction").select_option("1")  # not downloaded so far
    seen.wait("^Models/ba.onnx: cannot be downloaded without a network.$")


def test_a_new_export_is_noticed_and_the_same_model_not_downloaded_again(
    visit: Come, site: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(site, tmp_path / "site")
    facts = folder / "site.js"
    old = json.loads(facts.read_text("utf-8").removeprefix("self.SITE = ").removesuffix(";\n"))
    with served(folder) as server:
        seen = visit(f"http://127.0.0.1:{server.server_port}/")
        seen.find("offline").wait_for()
        text = facts.read_text(encoding="utf-8")
        for name in ("index.html", "site.js"):
            text = text.replace(old["files"]["" if name == "index.html" else name]["hash"], "0new")
        facts.write_text(text, encoding="utf-8")
        page = (folder / "index.html").read_text(encoding="utf-8")
        (folder / "index.html").write_text(page.replace("<h1>Translate", "<h1>Repaint"), "utf-8")
        seen.asked.clear()
        heading = seen.page.get_by_role("heading", name="Repaint pictures")
        for _ in range(60):  # the new service worker starts after the visit that finds it
            seen.page.goto(seen.address)
            seen.wait("^Ready")
            if heading.count():
                break
        assert heading.count() == 1
        assert [url for url in seen.asked if "?" in url and "0new" not in url] == []
        seen.check()


def test_transparency_rotation_and_gray_pictures(visit: Come, site: Path, tmp_path: Path) -> None:
    seen = visit()
    source = noise(tmp_path / "alpha.png", 48, TRAINED, "RGBA")
    with Image.open(seen.translate(source)[1]) as image, Image.open(source) as before:
        assert image.mode == "RGBA"
        np.testing.assert_array_equal(image.getchannel("A"), before.getchannel("A"))
    source = noise(tmp_path / "gray.png", 48, TRAINED, "L")
    assert distance(site, seen.translate(source)[1], source, "ab", TRAINED) <= 2
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    source = noise(tmp_path / "turned.jpg", 64, TRAINED, exif=exif, quality=95)
    name, result = seen.translate(source)
    assert name == "turned-ab.jpg"
    with Image.open(result) as image:
        assert image.size == (TRAINED, 64)
    seen.check()


def test_files_that_cannot_be_pictures_get_a_sentence(visit: Come, tmp_path: Path) -> None:
    seen = visit()
    Image.new("1", (10_000, 10_000)).save(tmp_path / "huge.png")
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "empty.jpg").touch()
    whole = io.BytesIO()
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(whole, "PNG")
    (tmp_path / "half.png").write_bytes(whole.getvalue()[:40])
    for name, expected in {
        "huge.png": "^huge.png: has 100 megapixels; at most 64 allowed.$",
        "text.png": "^text.png: damaged, or not a picture that this browser can open.$",
        "empty.jpg": "^empty.jpg: damaged",
        "half.png": "^half.png: damaged",
    }.items():
        seen.choose(tmp_path / name)
        seen.wait(expected)
        assert seen.find("translate").is_disabled()
    Image.new("RGB", (4000, 10)).save(tmp_path / "long.png")
    seen.choose(tmp_path / "long.png")
    seen.wait("press Translate")
    seen.find("size").select_option("256")
    seen.find("translate").click()
    seen.wait("^The translation failed: at this size it would be 102400 . 256 pixels")
    assert seen.translate(noise(tmp_path / "good.png", TRAINED, TRAINED), TRAINED)[0]
    seen.check()


def test_a_phone_in_the_dark_by_keyboard_alone(visit: Come, tmp_path: Path) -> None:
    seen = visit(**PHONE)
    press = seen.page.keyboard.press
    focus = "document.activeElement.id"
    background = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, background[4:-1].split(","))) < 3 * 64
    seen.check()
    press("Tab")
    assert seen.page.evaluate(focus) == "file"
    outline = "getComputedStyle(document.querySelector('label.button')).outlineStyle"
    assert seen.page.evaluate(outline) == "solid"
    with seen.page.expect_file_chooser() as chooser:
        press("Enter")
    chooser.value.set_files(noise(tmp_path / "a.png", 64, TRAINED))
    seen.wait("press Translate")
    order = []
    while seen.page.evaluate(focus) != "translate":
        press("Tab")
        order.append(seen.page.evaluate(focus))
        assert len(order) < 9
    assert order == ["camera", "direction", "size", "translate"]
    press("Enter")
    seen.wait("^Done")
    press("Tab")
    assert seen.page.evaluate(focus) == "slider"
    assert seen.page.evaluate("getComputedStyle(both).outlineStyle") == "solid"
    for _ in range(3):
        press("ArrowRight")
    assert seen.page.evaluate("both.style.getPropertyValue('--at')") == "53%"
    press("Home")
    assert "100%" in seen.page.evaluate("getComputedStyle(before).clipPath")
    press("Tab")
    with seen.page.expect_download() as started:
        press("Enter")
    assert started.value.suggested_filename == "a-ab.png"
    seen.check()


def test_the_camera_is_translated_and_its_picture_kept(visit: Come) -> None:
    seen = visit(**PHONE)
    seen.find("camera").tap()
    seen.wait("^The camera is on")
    shape = "[live.width, live.height]"
    for _ in range(300):
        if min(seen.page.evaluate(shape)) == TRAINED:
            break
        seen.page.wait_for_timeout(100)
    wide, high = seen.page.evaluate("[video.videoWidth, video.videoHeight]")
    assert seen.page.evaluate(shape) == [round(wide * TRAINED / high), TRAINED]
    seen.find("take").tap()
    seen.wait("^Done")
    assert seen.page.evaluate("video.srcObject") is None
    assert seen.page.evaluate("[after.naturalWidth, after.naturalHeight]") == [wide, high]
    assert seen.find("download").get_attribute("download") == "camera-ab.jpg"
    width = seen.page.evaluate("both.clientWidth")
    seen.find("slider").tap(position={"x": width / 4, "y": 20})
    assert seen.page.evaluate("parseFloat(both.style.getPropertyValue('--at'))") in (24, 25, 26)
    seen.check()


def test_a_gpu_that_fails_is_replaced_by_the_processor(
    visit: Come, site: Path, tmp_path: Path
) -> None:
    seen = visit(script=PRETENDED)
    source = noise(tmp_path / "a.png", TRAINED, 48)
    assert distance(site, seen.translate(source)[1], source, "ab", TRAINED) <= 2
    assert [url for url in seen.asked if "asyncify.wasm" in url] != []


def test_a_translation_can_be_stopped(visit: Come, tmp_path: Path) -> None:
    seen = visit(script=ENDLESS)
    seen.choose(noise(tmp_path / "a.png", TRAINED, TRAINED))
    seen.wait("press Translate")
    seen.find("translate").click()
    seen.wait("^Translating at 40")
    assert seen.find("translate").inner_text() == "Stop"
    assert seen.find("size").is_disabled()
    seen.find("translate").click()
    seen.wait("^Stopped")
    assert seen.translate(noise(tmp_path / "b.png", TRAINED, TRAINED))[0] == "b-ab.png"
    seen.check()

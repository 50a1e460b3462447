"""The page in a real browser: no requests, no errors, all controls work."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browsing import Page, closed, launched
from tests.support.commands import report
from tests.support.reports import HOSTILE, write_state

COLORS = """() => [...document.querySelectorAll('h1, p, a, dt, dd, small, strong, .chip, th')]
  .filter((element) => element.checkVisibility() && element.textContent.trim())
  .map((element) => {
    let back = element, color = 'rgba(0, 0, 0, 0)';
    for (; back && color === 'rgba(0, 0, 0, 0)'; back = back.parentElement)
      color = getComputedStyle(back).backgroundColor;
    return [getComputedStyle(element).color, color, element.outerHTML.slice(0, 80)];
  })"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as browser:
        yield browser


class Visit(Page):
    """An open page of one file."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        super().__init__(browser, file.as_uri(), **options)

    def listen(self, message: Any) -> None:
        self.complaints.append(message.text)

    def check(self) -> None:
        """Also check that nothing else is requested, and that no picture is missing."""
        super().check()
        assert [url for url in self.asked if not url.startswith("data:")] == [self.address]
        broken = "[...document.images].filter((i) => i.complete && !i.naturalWidth).length"
        assert self.page.evaluate(broken) == 0

    def text(self) -> str:
        return str(self.page.locator("body").inner_text())


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def opened(file: Path, **options: Any) -> Visit:
        visits.append(Visit(browser, file, **options))
        return visits[-1]

    with closed(visits):
        yield opened


@pytest.fixture(scope="module")
def written(
    trained: Path, tmp_path_factory: pytest.TempPathFactory, write_records: Callable[[Path], None]
) -> Path:
    """A full report of a finished run."""
    run = Path(shutil.copytree(trained, tmp_path_factory.mktemp("full") / "tiny"))
    write_records(run)
    assert report(run, device="cpu") == 0
    return run / "report.html"


@pytest.fixture(scope="module")
def compared(
    trained: Path, tmp_path_factory: pytest.TempPathFactory, write_records: Callable[[Path], None]
) -> Path:
    """A comparison of four runs in two groups, with long names and a hostile one."""
    folder = tmp_path_factory.mktemp("several")
    for name in ("a" * 60, "<script>alert(1)<", "third", "fourth"):
        run = Path(shutil.copytree(trained, folder / name))
        config = (run / "config.yaml").read_text().replace("seed: 0", f"seed: {len(name)}")
        if name in ("third", "fourth"):
            config = config.replace("lr: 0.0002", "lr: 0.5")
            write_state(run, 13, folders={"a": "1" * 64, "b": "2" * 64})
        (run / "config.yaml").write_text(config)
        write_records(run)
    output = folder / "comparison.html"
    assert report(*(run for run in sorted(folder.iterdir()) if run.is_dir()), output=output) == 0
    return output


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_comparison_opens_without_requests_or_errors(
    scheme: str, width: int, compared: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(compared, viewport={"width": width, "height": 844}, color_scheme=scheme)
    seen.page.wait_for_load_state("load")
    seen.check()
    for heading in ("Groups", "What differs", "Metrics", "Samples", "Verdicts", "Curves"):
        assert seen.page.get_by_role("heading", name=heading, exact=True).count() == 1
    assert "<script>alert(1)<" in seen.text()
    cells = "[...document.querySelectorAll('td')].map((cell) => getComputedStyle(cell).display)"
    shown = set(seen.page.evaluate(cells))
    assert shown == ({"table-cell"} if width == 1280 else {"grid"})  # blocks on a phone


def test_a_legend_shows_the_last_values_until_a_curve_is_pointed_at(
    compared: Path, visit: Callable[..., Visit]
) -> None:
    page = visit(compared).page
    chart = page.locator("#curves .chart").first
    plot = chart.locator(".plot")
    plot.scroll_into_view_if_needed()
    before = chart.locator(".value").all_inner_texts()
    assert len(before) == 4
    plot.press("Home")
    assert chart.locator(".step").inner_text() == "1"
    assert chart.locator(".value").all_inner_texts() != before
    plot.blur()
    assert chart.locator(".value").all_inner_texts() == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_opens_without_requests_or_errors(
    scheme: str, width: int, written: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(written, viewport={"width": width, "height": 844}, color_scheme=scheme)
    seen.page.wait_for_load_state("load")
    seen.check()
    for heading in ("Doctor", "Test images", "Best and worst", "Through training", "Metrics",
                    "Curves", "Time and memory", "Configuration"):  # fmt: skip
        assert seen.page.get_by_role("heading", name=heading, exact=True).count() == 1
    assert HOSTILE in seen.text()  # as text; a script would have raised a dialog
    assert "Worse than the untranslated images: KID" in seen.text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["written", "compared"])
def test_all_text_has_enough_contrast(
    scheme: str, name: str, request: pytest.FixtureRequest, visit: Callable[..., Visit]
) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 at least, by its formula for relative luminance."""

    def luminance(color: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    file: Path = request.getfixturevalue(name)
    colors = visit(file, color_scheme=scheme).page.evaluate(COLORS)
    assert len(colors) > 50
    backs = set()
    for color, back, where in colors:
        low, high = sorted((luminance(color), luminance(back)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, f"{color} on {back}: {where}"
        backs.add(back)
    assert (min(map(luminance, backs)) < 0.05) == (scheme == "dark")


def test_dragging_and_keys_move_the_slider(written: Path, visit: Callable[..., Visit]) -> None:
    page = visit(written).page
    frame = page.locator("#test-images .compare").first
    frame.scroll_into_view_if_needed()

    def clip() -> float:
        """Percentage of the picture to the left of the clip."""
        shape = frame.locator(".before").evaluate("e => getComputedStyle(e).clipPath")
        right = re.match(r"inset\(0px ([\d.]+)%", shape)
        assert right, shape
        return 100 - float(right[1])

    assert clip() == 50
    box = frame.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, middle, steps=4)
    assert clip() == pytest.approx(25, abs=1)  # the input has whole percents
    page.mouse.up()
    page.mouse.move(box["x"], middle)
    assert clip() == pytest.approx(25, abs=1)  # let go
    page.keyboard.press("End")
    assert clip() == 100
    page.keyboard.press("ArrowLeft")
    assert clip() == 99


def test_the_slider_over_steps_shows_the_grids_of_its_step(
    written: Path, visit: Callable[..., Visit]
) -> None:
    page = visit(written).page
    block, slider = page.locator(".samples"), page.get_by_label("Step", exact=True)

    def shown() -> list[str]:
        alts = block.locator("img").evaluate_all(
            "all => all.filter(i => !i.hidden).map(i => i.alt)"
        )
        return [re.search(r"step (\d+)", alt)[1] for alt in alts]  # type: ignore[index]

    assert shown() == 4 * ["12"]  # both directions, and their scores
    slider.press("Home")
    assert (shown(), block.locator("output").inner_text()) == (4 * ["4"], "4")
    slider.press("ArrowRight")
    assert (shown(), block.locator("output").inner_text()) == (4 * ["8"], "8")
    assert slider.get_attribute("aria-valuetext") == "step 8"


def test_pointing_at_a_curve_shows_its_values_there(
    written: Path, visit: Callable[..., Visit]
) -> None:
    page = visit(written).page
    chart = page.locator("#curves .chart").first
    plot = chart.locator(".plot")
    plot.scroll_into_view_if_needed()
    before = chart.locator(".value").all_inner_texts()
    assert chart.locator(".step").inner_text() == "12"
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 1, box["y"] + 20)
    assert chart.locator(".step").inner_text() == "1"
    assert chart.locator(".value").all_inner_texts() != before
    plot.press("ArrowRight")
    assert chart.locator(".step").inner_text() == "2"
    page.mouse.move(0, 0)
    plot.blur()
    assert chart.locator(".value").all_inner_texts() == before


def test_a_crashed_run_without_records_opens_too(run: Path, visit: Callable[..., Visit]) -> None:
    for name in ("logs", "samples", "state"):
        shutil.rmtree(run / name)
    (run / "gen_ba.safetensors").unlink()
    (run / "gen_ab.safetensors").write_bytes(b"torn")
    report(run, device="cpu")
    seen = visit(run / "report.html", viewport={"width": 390, "height": 844})
    seen.check()
    assert "Crashed" in seen.text()
    assert "gen_ab.safetensors: cannot be read as a generator" in seen.text()

"""Only text that is marked as HTML is HTML; everything else is escaped."""

import string
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.report.html import TEMPLATES, duration, prose, render, rough, signed, template
from gan.report.pictures import Inline

hostile = st.text(st.sampled_from("<>&\"'/=!-` \n" + string.ascii_lowercase), max_size=40)


class Reader(HTMLParser):
    """A second implementation: what the standard library finds in a document."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@given(hostile, hostile)
def test_texts_and_attributes_are_kept_and_make_no_tags(text: str, value: str) -> None:
    made = TEMPLATES.from_string('<p title="{{ value }}">{{ text }}</p>')
    found = Reader(made.render(text=text, value=value))
    assert found.tags == [("p", [("title", value)])]
    assert "".join(found.texts) == text


@given(hostile)
def test_options_in_prose_are_code_and_nothing_else_is_a_tag(text: str) -> None:
    found = Reader(prose(f"{text} --images"))
    assert {tag for tag, _ in found.tags} == {"code"}
    assert "".join(found.texts) == f"{text} --images"


def test_rendered_templates_are_not_escaped_again() -> None:
    inner = render("configuration.html", text="a < b", changed={"k&y": (None, "<", "1")})
    outer = TEMPLATES.from_string("{{ inner }}").render(inner=inner)
    assert "<dt><code>k&amp;y</code><small></small></dt>" in outer
    assert "<dd>&lt;<small>default 1</small></dd>" in outer
    assert "<pre>a &lt; b</pre>" in outer


@pytest.mark.parametrize("steps", [[4], [4, 8]])
def test_attributes_without_a_value_are_present_or_absent(steps: list[int]) -> None:
    picture = Inline("data:,", 20, 20)
    text = render(
        "samples.html", found=steps, damaged=[], steps=steps, columns={"ab": ["real"]}, small=True,
        pictures={(step, "ab"): picture for step in steps}, smaller=None, scores={},
    )  # fmt: skip
    tags = Reader(text).tags
    (slider,) = (dict(attributes) for tag, attributes in tags if tag == "input")
    images = [dict(attributes) for tag, attributes in tags if tag == "img"]
    assert ("disabled" in slider) == (len(steps) == 1)
    assert ["hidden" in image for image in images] == [step != steps[-1] for step in steps]


def test_line_breaks_of_templates_are_not_on_the_page() -> None:
    assert "\n" not in template("doctor.html")


def test_the_page_escapes_its_title_and_names_nothing_outside() -> None:
    values: dict[str, Any] = {
        "generator": "",
        "style": "",
        "script": "",
        "fault": None,
        "alerts": {},
        "now": 0,
    }
    sections = {"Any": "$style {{ unknown }}"}
    name = "</title><script>1"
    text = render("page.html", name=name, overview="", sections=sections, **values)
    found = Reader(text)
    assert [tag for tag, _ in found.tags].count("script") == 1
    assert "$style {{ unknown }}</section>" in text  # inserted text is not a template
    assert "http://" not in text
    assert "https://" not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.25, "250 ms"), (1.234, "1.23 s"), (96, "1 min 36 s"), (119.6, "2 min 0 s"),
        (599, "9 min 59 s"), (3599, "59 min"), (3600, "1 h 0 min"), (47 * 3600 + 59, "47 h 0 min"),
        (50 * 3600, "2 d 2 h"),
    ],
)  # fmt: skip
def test_a_time_span_is_in_two_units_that_add_up(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("value", "text"), [
    (0.123456, "0.12"), (105.9, "110"), (1420.4, "1,400"), (0, "0"), (float("nan"), "not finite"),
])  # fmt: skip
def test_deviations_have_two_digits(value: float, text: str) -> None:
    assert rough(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.25, "+0.25"), (-0.25, "-0.25"), (1200, "+1,200")])
def test_differences_have_their_sign(value: float, text: str) -> None:
    assert signed(value) == text

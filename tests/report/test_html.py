"""What is not HTML already cannot become HTML."""

import string
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from gan.report.html import Html, element, page, together

hostile = st.text(st.sampled_from("<>&\"'/=!-` \n" + string.ascii_lowercase), max_size=40)


class Reader(HTMLParser):
    """A second opinion: what the standard library finds in a document."""

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
def test_texts_and_attributes_come_back_as_they_were_and_make_no_tags(
    text: str, value: str
) -> None:
    found = Reader(element("p", text, title=value).text)
    assert found.tags == [("p", [("title", value)])]
    assert "".join(found.texts) == text


def test_elements_hold_elements_numbers_lists_and_nothing() -> None:
    made = element("ul", [element("li", 1), None, Html("<li>2")], "<", class_="a", data_x=0)
    assert made.text == '<ul class="a" data-x="0"><li>1</li><li>2&lt;</ul>'
    assert together("a", None, ["b", [3.5]]).text == "ab3.5"


def test_attributes_that_are_false_or_none_are_left_out() -> None:
    assert (
        element("img", hidden=True, alt="", id=None, disabled=False).text == '<img hidden alt="">'
    )


def test_the_page_escapes_its_title_and_names_nothing_outside() -> None:
    text = page("</title><script>1", element("p", "$style $unknown"))
    found = Reader(text)
    assert [tag for tag, _ in found.tags].count("script") == 1
    assert "<p>$style $unknown</p>" in text  # what is put in is not read as a template
    assert "http://" not in text
    assert "https://" not in text

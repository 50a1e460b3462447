"""Documents, program and tests use plain American English, without the phrases below."""

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PHRASES = {
    r"(?<!there\s)(?<!there\s\s\s)\b(is|are) no\b(?! (longer|more|less|better|worse)\b)": "not",
    r"\bof (its|their|our|your|his|her|my|one's) own\b": "its own, a separate",
    r"\b(is|are|was|were|be|been) said\b": "prints, reports, warns, logs",
    r"\b(leav(e|es|ing)|left)( \w+)? out\b": "skip, exclude, omit",
    r"\bin vain\b": "what has no effect, and why",
    r"\b(go|goes|going|went|gone) on\b": "continue, resume",
    r"\bway back\b": "reconstruction, the generator of the other direction",
    r"\bjudg(e|es|ed|ing|ment|ement)s?\b": "discriminator, measure, decide",
    r"\banew\b": "again, start again",
    r"\brefus(e|es|ed|ing|al|als)\b": "reject, not supported",
    r"\bask(s|ed|ing)? for\b": "requires, uses",
    r"\bbrings?\b": "what it does: install, copy, carry",
    r"\bnobody\b": "no one, or who does",
    r"\bso (many|much)\b": "the number, or the parameter's name",
    r"\bpassed over\b": "skip",
    r"\bwhole or not there\b": "atomically, complete or missing",
    r"\bof (ours|theirs)\b": "our, their, or the owner's name",
    r"\bbut for\b": "except, within (rounding)",
    r"\bwho would\b": "a verb, or the subject",
    r"\band the like\b": "and so on, similar",
    r"\bmakes? of\b(?! (a )?camera)": "a verb: translates, computes",
    r"\bfor use(?=\s*([.,:;)]|$))": "what it is used for",
    r"\bon the way\b": "during, between",
    r"\bleft (alone|behind)\b": "kept, unchanged, remaining",
    r"\bwhoever\b": "everyone who, users who",
    r"\btold\b": "with the option, requested, distinguished",
    r"\b(lies|lie) (in|at|below|beside)\b": "is in, is below",
    r"\bof late\b": "recently",
    r"\bat hand\b": "available, present",
    r"\bthereof\b": "of it",
    r"\bwhere there (is|are)\b(?! a range)": "if there is",
    r"\bbesides\b": "as well as, other than",
    r"\balike\b": "equal, equally, similar",
}
"""A regular expression, in any case, and what to write instead."""
SPELLINGS = {
    r"\w*(col|neighb|fav|behavi|hon|harb)our\w*": "-or",
    r"grey\w*": "gray",
    r"\w*(cent|met|fib|theat)re(s|d)?": "-er",
    r"licence\w*": "license",
    r"(label|model|cancel|travel)l(ed|ing)": "one l",
    r"analys(e|es|ed|ing)": "analyze",
    r"(catalogue|artefact|defence)s?": "catalog, artifact, defense",
    r"(normal|recogn|initial|optim|organ|summar|minim|maxim|general|quant|random|real|styl|visual"
    r"|emphas|special)is(e|es|ed|ing|ation|ations)": "-ize",
}
"""Whole words, and how to spell them."""
LOG = "docs/log.md"
"""Keeps the words of its entries; only its spelling is held to this."""
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("", "docs", "docs/*", "datasets", "checkpoints", "experiments/*")
    for path in ROOT.glob(f"{folder}/*.md".lstrip("/"))
)
CONFIGURATIONS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "configs").rglob("*.*")
    if path.suffix in (".yaml", ".sh")
)
TESTS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py"))
PROGRAM = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*(ROOT / "gan").rglob("*.py"), *(ROOT / "scripts").glob("*.py"), ROOT / "train.py")
)
NAMES = re.compile(r"\{[^{}]*\}|\w*_\w*|\bGREY\b")
"""In strings and comments: what is filled in, and identifiers."""
QUOTED = re.compile(r"^```.*?^```|`[^`]+`|\]\([^)]*\)", re.DOTALL | re.MULTILINE)
"""Code blocks with output, code in sentences, and where links lead."""


def blank(quoted: re.Match[str]) -> str:
    """Return as many lines as were quoted, without a word of them."""
    return "``" + "\n" * quoted.group().count("\n")


def prose(page: str) -> str:
    """Return a page's sentences, or a configuration's comments, each on its line."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if page.endswith(".md"):
        return QUOTED.sub(blank, text)
    comments = (line.partition("#")[2].lstrip("# ") for line in text.split("\n"))
    return QUOTED.sub(blank, "\n".join(comments))


def words(module: str) -> str:
    """Return a module's comments, docstrings and messages, each on its line, nothing else."""
    lines = [""] * (len((ROOT / module).read_text(encoding="utf-8").split("\n")) + 1)
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", None)}
    with (ROOT / module).open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type in kinds and " " in token.string:  # others are names
                text = NAMES.sub("", QUOTED.sub(blank, token.string))
                for number, line in enumerate(text.split("\n")):
                    lines[token.start[0] - 1 + number] += line
    return "\n".join(lines)


def spoken(module: str) -> str:
    """Return a test module's names, docstrings and comments, each on its line, nothing else."""
    lines = [""] * (len((ROOT / module).read_text(encoding="utf-8").split("\n")) + 1)
    with (ROOT / module).open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            text = QUOTED.sub(blank, token.string)
            if token.type == tokenize.NAME:
                text = f"{token.string.replace('_', ' ')}; " if "_" in token.string else ""
            elif not (token.type == tokenize.COMMENT or text.startswith('"""')):
                continue
            for number, line in enumerate(text.split("\n")):
                lines[token.start[0] - 1 + number] += line
    return "\n".join(lines)


def faults(text: str, phrases: dict[str, str]) -> Iterator[str]:
    """Yield the line, the phrase and its replacement, also where a phrase runs over two lines."""
    for pattern, instead in phrases.items():
        for found in re.finditer(pattern.replace(" ", r"\s+"), text, re.IGNORECASE):
            line = text.count("\n", 0, found.start()) + 1
            yield f'{line}: "{" ".join(found.group().split())}": write {instead}'


def banned(page: str) -> dict[str, str]:
    """Return what a page must not contain."""
    spellings = {rf"\b{word}\b": instead for word, instead in SPELLINGS.items()}
    return spellings if page == LOG else PHRASES | spellings


@pytest.mark.parametrize("page", [*PAGES, *CONFIGURATIONS])
def test_documents_are_in_plain_american_english(page: str) -> None:
    assert not [f"{page}:{fault}" for fault in faults(prose(page), banned(page))]


@pytest.mark.parametrize("module", PROGRAM)
def test_the_program_speaks_plain_american_english(module: str) -> None:
    assert not [f"{module}:{fault}" for fault in faults(words(module), banned(module))]


@pytest.mark.parametrize("module", TESTS)
def test_the_tests_speak_plain_american_english(module: str) -> None:
    assert not [f"{module}:{fault}" for fault in faults(spoken(module), banned(module))]


def test_names_and_docstrings_of_tests_are_read_and_other_strings_are_not(tmp_path: Path) -> None:
    module = tmp_path / "test_module.py"
    module.write_text(
        "def test_a_value_is_"
        'refused_alike():\n    """It '
        'goes\n    on."""\n'
        '    print("grey, refused")  # in vain\n'
    )
    found = [fault.split(": write")[0] for fault in faults(spoken(str(module)), banned("a.py"))]
    assert found == ['4: "in vain"', '2: "goes on"', '1: "refused"', '1: "alike"']


def test_messages_are_read_and_names_are_not(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        'grey = "grey"\n# A colour.\nprint(f"{left_out} is no {grey.colour} of\\n"\n'
        '      "GREY of left_out goes on")\n'
    )
    found = [fault.split(": write")[0] for fault in faults(words(str(module)), banned("a.py"))]
    assert found == ['3: "is no"', '4: "goes on"', '2: "colour"']


@pytest.mark.parametrize(("sentence", "found"), [
    ("A file that is\nno image is rejected.", '1: "is no"'),
    ("One line.\nTwo values are refused.", '2: "refused"'),
    ("Each has a pool of its own.", '1: "of its own"'),
    ("The same command goes on.", '1: "goes on"'),
    ("Hidden files are left out.", '1: "left out"'),
    ("An image in Grey.", '1: "Grey"'),
    ("The neighbouring pixels.", '1: "neighbouring"'),
    ("It is normalised.", '1: "normalised"'),
    ("A model that is ready\nfor use.", '2: "for use"'),
    ("Equal, but for\nrounding.", '1: "but for"'),
    ("It lies in a folder.", '1: "lies in"'),
    ("What people make of it.", '1: "make of"'),
])  # fmt: skip
def test_a_planted_phrase_is_found_on_its_line(sentence: str, found: str) -> None:
    assert [fault.split(": write")[0] for fault in faults(sentence, banned("README.md"))] == [found]


@pytest.mark.parametrize("sentence", [
    "There is no limit. There are no pairs. It is no longer there. It is no better.",
    "He chose the analysis of a promise, otherwise the noise of turquoise.",
    "The left picture is outside.",
    "The make of camera. Files for user data. It makes offers.",
])  # fmt: skip
def test_plain_sentences_pass(sentence: str) -> None:
    assert not list(faults(sentence, banned("README.md")))


def test_code_and_output_are_not_read(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("`grey` is\n```\nrefused: colour\n```\n[gray](grey.md#colour) refused\n")
    assert list(faults(prose(str(page)), banned("README.md"))) == [
        '5: "refused": write reject, not supported'
    ]


def test_only_comments_of_a_configuration_are_read(tmp_path: Path) -> None:
    page = tmp_path / "page.yaml"
    page.write_text("colour: grey\n# A colour.\n")
    assert list(faults(prose(str(page)), banned("a.yaml"))) == ['2: "colour": write -or']

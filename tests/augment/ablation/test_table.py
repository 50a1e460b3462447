"""The printed report of an ablation."""

from gan.augment.ablation.comparison import Number
from gan.augment.ablation.table import Row, conclusion, lines_of, markdown, plain

BETTER, WORSE = Number(0.2, 0.1, 0.3), Number(-0.2, -0.3, -0.1)
SAME, FEW = Number(0.01, -0.1, 0.1), Number(0.2)


def rows(color: Number, *translated: tuple[Number, Number]) -> dict[str, Row]:
    """Return rows; translated are differences to none and to color at 25, 50 and 100 %."""
    shares = zip((25, 50, 100), translated, strict=True)
    return {
        "none": Row(Number(0.5, 0.4, 0.6), None),
        "color augmentation": Row(Number(0.5 + color.value), color),
        **{f"translated {n} %": Row(Number(0.5 + d.value), d, over) for n, (d, over) in shares},
    }


def text(color: Number, *translated: tuple[Number, Number]) -> str:
    return " ".join(conclusion(rows(color, *translated), "accuracy"))


def test_a_translation_that_helps_is_named_with_its_interval() -> None:
    found = text(SAME, (SAME, SAME), (BETTER, BETTER), (SAME, SAME))
    assert found.startswith("Translated at 50 % helps: +0.200 [+0.100, +0.300] accuracy.")
    assert "It helps more than color augmentation (+0.010" in found


def test_color_augmentation_that_is_as_good_or_better_is_named() -> None:
    assert "is about as good" in text(BETTER, (BETTER, SAME), (SAME, SAME), (SAME, SAME))
    found = text(BETTER, (SAME, WORSE), (WORSE, WORSE), (WORSE, WORSE))
    assert "Color augmentation alone is better (+0.200" in found
    assert found.startswith("The translation does not clearly help")
    assert "Worse than none: translated 50 %, translated 100 %." in found


def test_a_translation_that_hurts_is_named() -> None:
    found = text(SAME, (WORSE, WORSE), (WORSE, WORSE), (WORSE, WORSE))
    assert found.startswith("The translation hurts at every share")
    assert "Look at sheet.png" in found


def test_nothing_is_claimed_of_too_few_images() -> None:
    found = text(FEW, (FEW, FEW), (FEW, FEW), (FEW, FEW))
    assert found == "Too few test images for a conclusion; translated 25 %: +0.200 accuracy."


def test_the_table_has_a_line_for_each_condition() -> None:
    lines = lines_of(rows(BETTER, (SAME, SAME), (WORSE, WORSE), (FEW, FEW)), "accuracy")
    shown = plain(lines).splitlines()
    words = [line.rpartition("  ")[2] for line in shown[2:]]
    assert words == ["better", "no clear difference", "worse", "unknown"]
    assert shown[2].startswith("color augmentation  0.700")
    assert len({line.index("  ", 20) for line in shown[3:]}) == 1
    assert markdown(lines).count("\n") == 6
    assert all(line.count("|") == 7 for line in markdown(lines).splitlines())

"""YAML: values equal those of PyYAML, and the cost of parsing is bounded."""

import pytest
import yaml

from gan.system.yaml_text import MAX_VALUES, parse_yaml

LAUGHS = "a0: &a0 [1]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "null", "[1, 2.5, {b: yes}]", "a: {b: [1, x]}\nc: 2020-01-01\n",
        "a: &x {p: 1}\nb: {<<: *x, q: 2}\nc: [*x, *x]\n", "a: !!set {x, y}",
    ],
)  # fmt: skip
def test_values_equal_those_of_pyyaml(text: str) -> None:
    assert parse_yaml(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (LAUGHS, f"more than {MAX_VALUES:,} values, with aliases"),
        ("a: &a [*a]", "a value contains itself"),
        ("&a {b: {c: *a}}", "a value contains itself"),
        ("[" * 5000, "nested too deep"),
        ("[" * 3000 + "]" * 3000, "nested too deep"),
        ("a: [1", "line 1"),
        ("a: !!python/object:os.system x", "could not determine a constructor"),
        ("[1, 2]: {[]: 1}: 2", "not allowed here"),
    ],
)
def test_errors_give_the_reason_in_one_line(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as caught:
        parse_yaml(text)
    assert "\n" not in str(caught.value)

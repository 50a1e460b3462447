"""The table of digests is a dict in one piece of memory."""

import gc
import os
import random

from gan.data.digests import Digests


def test_a_table_holds_what_a_dict_holds() -> None:
    table, expected, draw = Digests(), dict[str, bytes](), random.Random(0)
    for _ in range(3000):
        name, digest = f"file {draw.randrange(1500)}", draw.randbytes(32)
        assert table.get(name) == expected.get(name)
        table.put(name, digest)
        expected[name] = digest
    assert len(table) == len(expected)
    assert all(table.get(name) == digest for name, digest in expected.items())
    assert table.get(os.fsdecode(b"caf\xe9")) is None


def test_a_file_takes_no_python_object_and_under_150_bytes() -> None:
    table = Digests()
    gc.collect()
    before = len(gc.get_objects())
    for number in range(5000):
        table.put(str(number), bytes(32))
    gc.collect()
    assert len(gc.get_objects()) - before < 20
    assert len(table.table) < 150 * 5000

"""Addresses that another machine can open, and the QR code from which a phone reads one."""

import io
import re
import socket
import sys

import cv2
import numpy as np
import pytest

from gan.serve import addresses
from gan.serve.command import greeting, listen


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


FOUND = [
    "192.168.1.7", "127.0.0.1", "::1", "fe80::1%eth0", "fe80::1", "169.254.3.4", "0.0.0.0",
    "00:15:5d:01:02:03", "fd00::2", "10.0.0.4", "192.168.1.7", "2001:db8::7",
]  # fmt: skip


def test_addresses_that_other_machines_cannot_open_are_excluded() -> None:
    assert addresses.reachable(FOUND, ipv6=False) == ["192.168.1.7", "10.0.0.4"]
    both = ["192.168.1.7", "10.0.0.4", "fd00::2", "2001:db8::7"]
    assert addresses.reachable(FOUND, ipv6=True) == both


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_listening_at_all_addresses_shows_ones_that_answer(host: str) -> None:
    if host == "::" and not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 on this machine")
    with listen(host, 0) as listener:
        port = listener.getsockname()[1]
        for shown in addresses.shown_hosts(host):
            assert shown not in addresses.ANY
            socket.create_connection((shown, port), timeout=10).close()


def test_without_a_network_the_local_address_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "lan_addresses", lambda ipv6: [])
    assert addresses.shown_hosts("0.0.0.0") == ["127.0.0.1"]


def test_an_explicit_address_is_kept() -> None:
    assert addresses.shown_hosts("192.0.2.9") == ["192.0.2.9"]
    assert addresses.address_of("192.0.2.9", 80) == "http://192.0.2.9:80"
    assert addresses.address_of("fd00::2", 7860, secure=True) == "https://[fd00::2]:7860"


@pytest.mark.parametrize("address", [
    "http://10.0.0.4:7860", "https://[2001:db8:1234:5678:9abc:def0:1234:5678]:65535",
])  # fmt: skip
def test_a_phone_can_read_the_code_from_a_terminal(address: str) -> None:
    """Drawn like a terminal, with eight pixels per half block, and read by OpenCV."""
    pytest.importorskip("segno", reason="the extra serve is not installed")
    lines = addresses.qr_lines(address)
    assert all(line.startswith(addresses.COLORS) and line.endswith("\033[0m") for line in lines)
    halves = {" ": (255, 255), "▀": (0, 255), "▄": (255, 0), "█": (0, 0)}
    plain = [re.sub(r"\033\[[\d;]*m", "", line) for line in lines]
    assert len(plain[0]) <= 80
    columns = np.array([[halves[char] for char in line] for line in plain], np.uint8)
    picture = columns.transpose(0, 2, 1).reshape(2 * len(plain), -1).repeat(8, 0).repeat(8, 1)
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == address


def test_the_greeting_begins_with_the_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "lan_addresses", lambda ipv6: ["10.0.0.4", "10.0.0.5"])
    first, second, *others = greeting("0.0.0.0", 7860, None)
    assert (first, second) == ("http://10.0.0.4:7860", "http://10.0.0.5:7860")
    assert [line for line in others if "--https true" in line and "camera" in line]
    assert list(greeting("127.0.0.1", 7860, None)) == ["http://127.0.0.1:7860"]


@pytest.mark.parametrize(("encoding", "drawn"), [("utf-8", True), ("ascii", False)])
def test_a_code_is_printed_only_if_the_terminal_can_show_it(
    monkeypatch: pytest.MonkeyPatch, encoding: str, drawn: bool
) -> None:
    pytest.importorskip("segno", reason="the extra serve is not installed")
    assert not addresses.can_draw()  # pytest's replacement of stdout
    monkeypatch.setattr(sys, "stdout", Terminal(io.BytesIO(), encoding))
    assert addresses.can_draw() == drawn

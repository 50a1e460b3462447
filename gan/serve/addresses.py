"""Where the page can be opened: addresses that other machines reach, and a QR code of one."""

import ipaddress
import re
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib.util import find_spec

LOCAL = ("127.0.0.1", "localhost", "::1")
ANY = ("0.0.0.0", "::", "")
"""Listening there is listening at all addresses; none of them can be opened."""
ROUTES = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses for examples (RFC 5737, RFC 3849), which take the route that everything else takes."""
VIRTUAL = re.compile(r"(docker|br-|veth|virbr|vmnet|lxc|cni|flannel)", re.IGNORECASE)
"""Networks inside this machine, of containers and virtual ones."""
QUIET = 2
"""Modules of white around a QR code: phones take it, four are the norm."""
COLORS = "\033[38;5;16;48;5;231m"
"""Black on white, whatever a terminal's own colors are."""


def shown_hosts(host: str) -> list[str]:
    """Return the hosts under which a page that listens at `host` can be opened, the best first."""
    if host not in ANY:
        return [host]
    return lan_addresses(ipv6=host == "::") or ["127.0.0.1"]


def lan_addresses(*, ipv6: bool = False) -> list[str]:
    """Return the addresses of this machine that others can open, the usual one first.

    IPv4 comes first: it is shorter, and every network has it.
    """
    import psutil

    found = [*filter(None, (routed(family, far) for family, far in ROUTES))]
    states = psutil.net_if_stats()
    for name, addresses in psutil.net_if_addrs().items():
        if not VIRTUAL.match(name) and name in states and states[name].isup:
            found += [each.address for each in addresses]
    return reachable(found, ipv6=ipv6)


def routed(family: socket.AddressFamily, far: str) -> str | None:
    """Return the address from which this machine would send to another one; nothing is sent."""
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((far, 9))
        return str(probe.getsockname()[0])
    return None


def reachable(found: Iterable[str], *, ipv6: bool) -> list[str]:
    """Return those of a machine's addresses that a browser elsewhere can open, IPv4 first.

    Addresses of a single link need the name of a network, which browsers do not take.
    """
    good: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
    for text in dict.fromkeys(found):
        with suppress(ValueError):  # of hardware
            address = ipaddress.ip_address(text)
            alone = address.is_loopback or address.is_link_local or address.is_unspecified
            if not alone and (ipv6 or address.version == 4):
                good.append(address)
    return [str(address) for address in sorted(good, key=lambda each: each.version)]


def address_of(host: str, port: int, *, secure: bool = False) -> str:
    """Return what a browser is given."""
    return f"{'https' if secure else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def qr_lines(text: str) -> list[str]:
    """Return a QR code for a terminal, two rows of it in each line of half blocks."""
    import segno

    rows = [list(row) for row in segno.make(text, error="l", micro=False).matrix_iter(border=QUIET)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    blocks = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}
    return [
        COLORS + "".join(blocks[pair] for pair in zip(upper, lower, strict=True)) + "\033[0m"
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]


def can_draw() -> bool:
    """Return whether stdout is a terminal that shows a QR code, and the library is there."""
    with suppress(UnicodeEncodeError, LookupError):
        "▀▄█".encode(sys.stdout.encoding or "ascii")
        return sys.stdout.isatty() and find_spec("segno") is not None
    return False

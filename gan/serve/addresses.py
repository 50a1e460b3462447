"""Find the addresses at which other machines can open the page, and print a QR code of one."""

import ipaddress
import re
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib.util import find_spec

LOCAL = ("127.0.0.1", "localhost", "::1")
ANY = ("0.0.0.0", "::", "")
"""Hosts that mean listening at all addresses; browsers cannot open them."""
ROUTES = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Documentation addresses (RFC 5737, RFC 3849); packets to them would take the default route."""
VIRTUAL = re.compile(r"(docker|br-|veth|virbr|vmnet|lxc|cni|flannel)", re.IGNORECASE)
"""Network interfaces of containers and virtual machines."""
QUIET = 2
"""White modules around a QR code: the standard requires four, but phones read it with two."""
COLORS = "\033[38;5;16;48;5;231m"
"""Black on white, independent of the terminal's colors."""


def shown_hosts(host: str) -> list[str]:
    """Return the hosts at which a page that listens at `host` can be opened, the best first."""
    if host not in ANY:
        return [host]
    return lan_addresses(ipv6=host == "::") or ["127.0.0.1"]


def lan_addresses(*, ipv6: bool = False) -> list[str]:
    """Return the addresses of this machine that others can open, that of the default route first.

    IPv4 comes before IPv6: it is shorter, and every network supports it.
    """
    import psutil

    found = [*filter(None, (routed(family, far) for family, far in ROUTES))]
    states = psutil.net_if_stats()
    for name, addresses in psutil.net_if_addrs().items():
        if not VIRTUAL.match(name) and name in states and states[name].isup:
            found += [each.address for each in addresses]
    return reachable(found, ipv6=ipv6)


def routed(family: socket.AddressFamily, far: str) -> str | None:
    """Return the address from which this machine would send to `far`, or None; nothing is sent."""
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((far, 9))
        return str(probe.getsockname()[0])
    return None


def reachable(found: Iterable[str], *, ipv6: bool) -> list[str]:
    """Return the addresses that a browser on another machine can open, IPv4 first.

    Link-local addresses require the name of a network interface, which browsers do not accept.
    """
    good: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
    for text in dict.fromkeys(found):
        with suppress(ValueError):  # psutil also lists hardware addresses
            address = ipaddress.ip_address(text)
            alone = address.is_loopback or address.is_link_local or address.is_unspecified
            if not alone and (ipv6 or address.version == 4):
                good.append(address)
    return [str(address) for address in sorted(good, key=lambda each: each.version)]


def address_of(host: str, port: int, *, secure: bool = False) -> str:
    """Return the URL of a host and port, with https if `secure`; an IPv6 host is in brackets."""
    return f"{'https' if secure else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def qr_lines(text: str) -> list[str]:
    """Return a QR code as lines for a terminal: half blocks, two rows of modules per line."""
    import segno

    rows = [list(row) for row in segno.make(text, error="l", micro=False).matrix_iter(border=QUIET)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    blocks = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}
    return [
        COLORS + "".join(blocks[pair] for pair in zip(upper, lower, strict=True)) + "\033[0m"
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]


def can_draw() -> bool:
    """Return whether stdout is a terminal that can show a QR code, and segno is installed."""
    with suppress(UnicodeEncodeError, LookupError):
        "▀▄█".encode(sys.stdout.encoding or "ascii")
        return sys.stdout.isatty() and find_spec("segno") is not None
    return False

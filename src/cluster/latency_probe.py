"""Measures how long it takes to a few addresses and back, and prints the result as one line of JSON.

    python3 -c PROGRAM '{"places": {"edge-a": ["10.0.0.7", 443]}, "count": 10, "timeout": 2}'

ICMP where the kernel lets an ordinary user (net.ipv4.ping_group_range), else the time of a TCP connection, which
is one way there and back as well; a refused one is. Times are whole microseconds.
"""

import contextlib
import json
import os
import select
import socket
import struct
import sys
import time


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    total += total >> 16
    return ~total & 0xFFFF


def echo(family, address, sequence, timeout):
    """One ICMP echo; None if no answer came. Raises OSError where ICMP is not allowed."""
    v6 = family == socket.AF_INET6
    protocol = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    with socket.socket(family, socket.SOCK_DGRAM, protocol) as link:
        payload = os.urandom(16)
        kind = 128 if v6 else 8
        head = struct.pack("!BBHHH", kind, 0, 0, 0, sequence)
        # The kernel fills in the identifier; for IPv6 the checksum too.
        packet = struct.pack("!BBHHH", kind, 0, checksum(head + payload), 0, sequence) + payload
        start = time.perf_counter_ns()
        link.sendto(packet, (address, 0))
        end = start + int(timeout * 1e9)
        while time.perf_counter_ns() < end:
            ready, _, _ = select.select([link], [], [], (end - time.perf_counter_ns()) / 1e9)
            if not ready:
                return None
            answer = link.recv(1024)
            now = time.perf_counter_ns()
            if answer.endswith(payload):
                return now - start
    return None


def connect(family, address, port, timeout):
    """One TCP connection; None if nobody answered."""
    with socket.socket(family, socket.SOCK_STREAM) as link:
        link.settimeout(timeout)
        start = time.perf_counter_ns()
        try:
            link.connect((address, port))
        except ConnectionRefusedError:
            pass
        except (socket.timeout, OSError):
            return None
        return time.perf_counter_ns() - start


def samples(count, once):
    # The first one pays for what is not known yet on the way: addresses of neighbours, flows.
    if once(0) is None and once(0) is None:
        return []
    found = [once(index) for index in range(1, count + 1)]
    return sorted(each for each in found if each is not None)


def measure(host, port, count, timeout):
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        return {"error": "%s does not resolve: %s" % (host, error)}
    address = where[0]
    method, found = "icmp", []
    with contextlib.suppress(OSError):
        found = samples(count, lambda index: echo(family, address, index, timeout))
    if not found:
        method = "tcp"
        found = samples(count, lambda _: connect(family, address, port, timeout))
    if not found:
        return {"error": "%s did not answer, neither to ICMP nor at port %d" % (host, port)}
    return {
        "method": method,
        "min": found[0] // 1000,
        "median": found[len(found) // 2] // 1000,
        "lost": count - len(found),
    }


def main(text):
    asked = json.loads(text)
    result = {
        place: measure(host, port, asked["count"], asked["timeout"])
        for place, (host, port) in asked["places"].items()
    }
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

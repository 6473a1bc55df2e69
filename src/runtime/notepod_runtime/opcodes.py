"""Whether a pickle stream holds sets, told while it is written and without reading most of it."""

import re

#: EMPTY_SET MEMOIZE MARK, and FROZENSET MEMOIZE (Lib/pickletools.py); in other data by chance only.
_MARKS = (b"\x8f\x94(", b"\x91\x94")
#: The same, cut off by the end of a frame.
_BEGINNINGS = (b"\x91", b"\x8f", b"\x8f\x94")
_EMPTY_SET, _FROZENSET = 0x8F, 0x91

#: Opcodes of protocol 5 that bring a fixed number of bytes (Lib/pickletools.py): numbers, references, building.
_FIXED = re.compile(
    rb"(?:[Kh\x80\x82].|[M\x83]..|[Jjr\x84].{4}|[G\x95].{8}"
    rb"|[^Kh\x80\x82M\x83Jjr\x84G\x95\x8cCU\x8aXBT\x8b\x8d\x8e\x96\x8f\x91])+",
    re.DOTALL,
)
#: Bytes of the length that comes before what an opcode brings.
_COUNTED = {}
_COUNTED.update(dict.fromkeys(b"\x8cCU\x8a", 1))
_COUNTED.update(dict.fromkeys(b"XBT\x8b", 4))
_COUNTED.update(dict.fromkeys(b"\x8d\x8e\x96", 8))


def holds_sets(piece):
    """True if a piece that the C pickler hands to its file has a set in it that is not empty; at times for an empty one.

    A piece is a frame, or the contents of one large object. What looks like a set is looked into, since numbers have such
    bytes as well.
    """
    if not any(_has(piece, mark) for mark in _MARKS) and not piece.endswith(_BEGINNINGS):
        return False
    start = 2 if piece[:1] == b"\x80" else 0
    if piece[start : start + 1] != b"\x95":
        # No frame: a short stream, or the contents of an object, which nobody can tell apart.
        return True
    return _has_set_opcode(piece, start)


def _has(piece, mark):
    """``mark in piece``, by its first byte, which is rare: the second one stands behind every object."""
    first = mark[:1]
    at = piece.find(first)
    while at >= 0:
        if piece.startswith(mark, at):
            return True
        at = piece.find(first, at + 1)
    return False


def _has_set_opcode(piece, at):
    end, counted, fixed = len(piece), _COUNTED, _FIXED.match
    while at < end:
        run = fixed(piece, at)
        if run is not None:
            at = run.end()
            continue
        opcode = piece[at]
        if opcode not in counted:
            # A set, or an opcode that the end of the piece cuts off.
            return opcode in (_EMPTY_SET, _FROZENSET)
        width = counted[opcode]
        at += 1 + width + int.from_bytes(piece[at + 1 : at + 1 + width], "little")
    return False

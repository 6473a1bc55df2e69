"""Whether a pickle stream holds sets, told while it is written and without reading most of it."""

#: EMPTY_SET MEMOIZE MARK, and FROZENSET MEMOIZE (Lib/pickletools.py); in other data by chance only.
_MARKS = (b"\x8f\x94(", b"\x91\x94")
#: The same, cut off by the end of a frame.
_BEGINNINGS = (b"\x91", b"\x8f", b"\x8f\x94")
_EMPTY_SET, _FROZENSET = 0x8F, 0x91

#: Bytes after an opcode of protocol 5 (Lib/pickletools.py); others have none.
_FIXED = {0x80: 1, 0x95: 8}
_FIXED.update(dict.fromkeys(b"Kh\x82", 1))
_FIXED.update(dict.fromkeys(b"M\x83", 2))
_FIXED.update(dict.fromkeys(b"Jjr\x84", 4))
_FIXED.update(dict.fromkeys(b"G", 8))
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
    if not any(mark in piece for mark in _MARKS) and not piece.endswith(_BEGINNINGS):
        return False
    start = 2 if piece[:1] == b"\x80" else 0
    if piece[start : start + 1] != b"\x95":
        # No frame: a short stream, or the contents of an object, which nobody can tell apart.
        return True
    return _has_set_opcode(piece, start)


def _has_set_opcode(piece, at):
    end, fixed, counted = len(piece), _FIXED, _COUNTED
    while at < end:
        opcode = piece[at]
        at += 1
        if opcode in fixed:
            at += fixed[opcode]
        elif opcode in counted:
            width = counted[opcode]
            at += width + int.from_bytes(piece[at : at + width], "little")
        elif opcode in (_EMPTY_SET, _FROZENSET):
            return True
    return False

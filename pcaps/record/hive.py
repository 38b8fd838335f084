"""Writes a small Windows registry hive (regf) whose values name a shell handler: data, not a call.

The layout is the published one of the format: a base block of 4,096 octets, one hbin, and cells for key nodes (nk),
values (vk) and their data. Names and data are UTF-16LE, as Windows keeps them.
"""
import struct
import sys

VALUES = [
    ("FriendlyTypeName", "Shell Execute Hardware Event Handler"),
    ("ProgID", "Shell.HWEventHandlerShellExecute.1"),
    ("LocalizedString", "@shell32.dll,-ShellExecute"),
    ("Handler", "\0ShellExecute\0"),
]


class Hive:
    def __init__(self):
        self.cells = bytearray()

    def cell(self, body: bytes) -> int:
        """Appends an allocated cell; returns its offset, counted from the hbin's beginning."""
        offset = 32 + len(self.cells)
        size = (4 + len(body) + 7) // 8 * 8
        self.cells += struct.pack("<i", -size) + body + bytes(size - 4 - len(body))
        return offset

    def value(self, name: str, text: str) -> int:
        data = text.encode("utf-16-le") + b"\0\0"
        at = self.cell(data)
        key = name.encode("ascii")
        return self.cell(b"vk" + struct.pack("<HIIIHH", len(key), len(data), at, 1, 1, 0) + key)

    def bytes(self) -> bytes:
        offsets = [self.value(name, text) for name, text in VALUES]
        values = self.cell(struct.pack("<%dI" % len(offsets), *offsets))
        name = b"{FFB8655F-81B9-4fce-B89C-9A6BA76D13E7}"
        root = self.cell(
            b"nk" + struct.pack("<HQIIIIIIIIIIIIII", 0x24, 0, 0, 0xFFFFFFFF, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF,
                                len(offsets), values, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0, 32, 80)
            + struct.pack("<IHH", 0, len(name), 0) + name)
        body = b"hbin" + struct.pack("<IIQQI", 0, 4096, 0, 0, 0) + bytes(self.cells)
        body += bytes(4096 - len(body))
        base = bytearray(4096)
        base[0:4] = b"regf"
        struct.pack_into("<IIQIIIIII", base, 4, 1, 1, 0, 1, 5, 0, 1, root, 4096)
        check = 0
        for (word,) in struct.iter_unpack("<I", bytes(base[:508])):
            check ^= word
        struct.pack_into("<I", base, 508, check)
        return bytes(base) + body


sys.stdout.buffer.write(Hive().bytes())

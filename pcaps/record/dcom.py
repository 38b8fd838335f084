"""DCERPC between impacket's own client and server: IDispatch over ncacn_ip_tcp, without authentication.

    dcom.py serve ADDRESS PORT SECONDS
    dcom.py call ADDRESS PORT CASE          CASE: names, lower, invoke, answer

names   GetIDsOfNames("ExecuteShellCommand"), then ("ShellExecute"): the words are in the request.
lower   GetIDsOfNames("executeshellcommand"): the same method for IDispatch, which ignores case; other octets.
invoke  Invoke by DISPID 0x36 with a command line: the method's name is never sent.
answer  GetIDsOfNames("Quit"); the server's answer holds the words.
"""
import socket
import struct
import sys
import threading

from impacket.dcerpc.v5 import rpcrt, transport
from impacket.dcerpc.v5.dtypes import NULL
from impacket.uuid import string_to_bin, uuidtup_to_bin

IDISPATCH = ("00020400-0000-0000-C000-000000000046", "0.0")
IPID = string_to_bin("0000A402-1A90-0000-6C5E-3B0D21F4E7C9")
THIS = struct.pack("<HHII", 5, 7, 0, 0) + bytes.fromhex("3f1c9a7e54d20b4f8e21c07a19d3b562") + struct.pack("<I", 0)


def wstr(text: str) -> bytes:
    units = text + "\0"
    body = struct.pack("<III", len(units), 0, len(units)) + units.encode("utf-16-le")
    return body + bytes(-len(body) % 4)


def get_ids(*names: str) -> bytes:
    """[MS-OAUT] 3.1.4.3: ORPCTHIS, riid, names, count, lcid."""
    body = bytes(16) + struct.pack("<I", len(names)) + b"".join(struct.pack("<I", 0x20000 + 4 * i) for i in range(len(names)))
    return THIS + body + b"".join(map(wstr, names)) + struct.pack("<II", len(names), 0x409)


def variant(text: str, referent: int) -> tuple[bytes, bytes]:
    """A VT_BSTR VARIANT ([MS-OAUT] 2.2.29) and its size."""
    units = text.encode("utf-16-le")
    blob = struct.pack("<II", 0x72657355, len(units) // 2) + struct.pack("<II", len(units), len(units) // 2) + units
    size = (20 + len(blob) + 7) // 8
    head = struct.pack("<IIHHHHI", size, 0, 8, 0, 0, 0, 8)
    body = head + blob
    return body + bytes(-len(body) % 8)


def invoke(dispid: int, *arguments: str) -> bytes:
    """[MS-OAUT] 3.1.4.4: ORPCTHIS, DISPID, riid, lcid, flags, DISPPARAMS (arguments in reverse order)."""
    body = struct.pack("<i", dispid) + bytes(16) + struct.pack("<II", 0x409, 1)
    body += struct.pack("<IIII", 0x20000, 0, len(arguments), 0)
    body += struct.pack("<I", len(arguments)) + b"".join(struct.pack("<I", 0x20010 + 4 * i) for i in range(len(arguments)))
    stub = THIS + body
    stub += bytes(-len(stub) % 8)
    for number, text in enumerate(reversed(arguments)):
        stub += variant(text, number)
    return stub + struct.pack("<IIII", 0, 0, 0, 0)


class Server(rpcrt.DCERPCServer):
    def __init__(self, address, port):
        rpcrt.DCERPCServer.__init__(self)
        self.addCallbacks(IDISPATCH, "", {5: self.ids, 6: self.invoked})
        self.setListenPort(port)
        self._sock.close()
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._sock.bind((address, port))

    @staticmethod
    def ids(stub):
        words = "\0ExecuteShellCommand\0ShellExecute\0".encode("utf-16-le") if "Quit".encode("utf-16-le") in stub else b""
        return struct.pack("<II", 0, 0) + struct.pack("<III", 1, 0x36, 0) + words

    @staticmethod
    def invoked(_stub):
        return struct.pack("<II", 0, 0) + bytes(64)


def call(address, port, case):
    rpc = transport.DCERPCTransportFactory("ncacn_ip_tcp:%s[%d]" % (address, port))
    dce = rpc.get_dce_rpc()
    dce.connect()
    dce.bind(uuidtup_to_bin(IDISPATCH))
    requests = {
        "names": [(5, get_ids("ExecuteShellCommand")), (5, get_ids("ShellExecute"))],
        "lower": [(5, get_ids("executeshellcommand"))],
        "invoke": [(6, invoke(0x36, "cmd.exe", "", "/c whoami > c:\\windows\\temp\\out.txt", "7"))],
        "answer": [(5, get_ids("Quit"))],
    }[case]
    for opnum, stub in requests:
        dce.call(opnum, stub, uuid=IPID)
        dce.recv()
    dce.disconnect()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        server = Server(sys.argv[2], int(sys.argv[3]))
        server.daemon = True
        server.start()
        threading.Event().wait(float(sys.argv[4]))
    else:
        call(sys.argv[2], int(sys.argv[3]), sys.argv[4])

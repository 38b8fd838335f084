"""RPC over HTTP version 2 between impacket's client and a small proxy in front of impacket's own server (dcom.py).

    rpch.py serve ADDRESS SERVER PORT SECONDS    a proxy on ADDRESS:80, the port impacket asks for, in front of SERVER:PORT
    rpch.py call ADDRESS SERVER PORT             IDispatch.GetIDsOfNames through it
"""
import socket
import struct
import sys
import threading

TIMEOUT, VERSION, WINDOW = 2, 6, 0


def rts(flags, *commands):
    """[MS-RPCH] 2.2.3.6, with commands of 32 bits."""
    body = b"".join(struct.pack("<II", *command) for command in commands)
    head = struct.pack("<BBBBIHHIHH", 5, 0, 20, 3, 0x10, 20 + len(body), 0, 0, flags, len(commands))
    return head + body


def serve(address, server, port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, 80))
    listener.listen()
    behind = socket.create_connection((server, port))
    while True:
        flow, _ = listener.accept()
        threading.Thread(target=channel, args=(flow, behind), daemon=True).start()


def request(flow):
    data = b""
    while b"\r\n\r\n" not in data:
        data += flow.recv(65536)
    return data.split(b"\r\n\r\n", 1)


def channel(flow, behind):
    head, body = request(flow)
    while b"Content-Length: 0" in head:  # the client asks for NTLM and is told to use what it has
        flow.sendall(b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="lab"\r\nContent-Length: 0\r\n\r\n')
        head, body = request(flow)
    flow.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if head.startswith(b"RPC_OUT_DATA"):
        while len(body) < 76:  # CONN/A1
            body += flow.recv(65536)
        flow.sendall(b"HTTP/1.1 200 Success\r\nContent-Type: application/rpc\r\nContent-Length: 1073741824\r\n\r\n")
        flow.sendall(rts(0, (TIMEOUT, 120000)))  # CONN/A3
        flow.sendall(rts(0, (VERSION, 1), (WINDOW, 65536), (TIMEOUT, 120000)))  # CONN/C2
        while answer := behind.recv(65536):
            flow.sendall(answer)
        return
    while True:
        while len(body) >= 10 and len(body) >= (length := struct.unpack_from("<H", body, 8)[0]):
            if body[2] != 20:  # what concerns the channels alone goes no further
                behind.sendall(body[:length])
            body = body[length:]
        more = flow.recv(65536)
        if not more:
            return
        body += more


def call(address, server, port):
    from dcom import IDISPATCH, IPID, get_ids
    from impacket.dcerpc.v5 import transport
    from impacket.uuid import uuidtup_to_bin

    rpc = transport.DCERPCTransportFactory("ncacn_http:%s[%d,RpcProxy=%s:80]" % (server, port, address))
    rpc.setRemoteName("dc1")
    rpc.set_credentials("alice", "no secret", "LAB")
    dce = rpc.get_dce_rpc()
    dce.connect()
    dce.bind(uuidtup_to_bin(IDISPATCH))
    dce.call(5, get_ids("ExecuteShellCommand"), uuid=IPID)
    dce.recv()
    dce.disconnect()


if sys.argv[1] == "serve":
    threading.Thread(target=serve, args=(*sys.argv[2:4], int(sys.argv[4])), daemon=True).start()
    threading.Event().wait(float(sys.argv[5]))
else:
    call(*sys.argv[2:4], int(sys.argv[4]))

//! Messages of SMB2 and of the calls it carries, octet by octet.

use sidewire_base::Direction;

use crate::smb::wire2::command;

pub(super) const SESSION: u64 = 0x0400_0000_0001;
pub(super) const TREE: u32 = 5;
pub(super) const FILE: [u8; 16] = [7; 16];

/// Messages of a flow: who sends what.
pub(super) type Script = Vec<(Direction, Vec<u8>)>;

pub(super) fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Wraps messages in one NetBIOS message.
pub(super) fn netbios(message: &[u8]) -> Vec<u8> {
    let mut out = (message.len() as u32).to_be_bytes().to_vec();
    out.extend(message);
    out
}

pub(super) fn smb2(command: u16, id: u64, response: Option<u32>, body: &[u8]) -> Vec<u8> {
    let mut out = b"\xfeSMB\x40\0\0\0".to_vec();
    out.extend(response.unwrap_or_default().to_le_bytes());
    out.extend(command.to_le_bytes());
    out.extend([1, 0]);
    out.extend(u32::from(response.is_some()).to_le_bytes());
    out.extend([0; 4]);
    out.extend(id.to_le_bytes());
    out.extend([0; 4]);
    out.extend(TREE.to_le_bytes());
    out.extend(SESSION.to_le_bytes());
    out.extend([0; 16]);
    out.extend(body);
    out
}

/// A body with 16-bit offset and length of what follows its fixed part.
pub(super) fn with_part(mut fixed: Vec<u8>, place: usize, part: &[u8]) -> Vec<u8> {
    let offset = (64 + fixed.len()) as u16;
    fixed[place..place + 2].copy_from_slice(&offset.to_le_bytes());
    fixed[place + 2..place + 4].copy_from_slice(&(part.len() as u16).to_le_bytes());
    fixed.extend(part);
    fixed
}

pub(super) fn ask(command: u16, id: u64, body: &[u8]) -> (Direction, Vec<u8>) {
    (Direction::ToServer, netbios(&smb2(command, id, None, body)))
}

pub(super) fn answer(command: u16, id: u64, status: u32, body: &[u8]) -> (Direction, Vec<u8>) {
    (Direction::ToClient, netbios(&smb2(command, id, Some(status), body)))
}

pub(super) fn tree_connect(id: u64, path: &str, share_type: u8) -> Script {
    let mut body = vec![16, 0, share_type, 0];
    body.resize(16, 0);
    vec![
        ask(command::TREE_CONNECT, id, &with_part(vec![9, 0, 0, 0, 0, 0, 0, 0], 4, &wide(path))),
        answer(command::TREE_CONNECT, id, 0, &body),
    ]
}

pub(super) fn create_body(name: &str) -> Vec<u8> {
    let mut fixed = vec![57, 0];
    fixed.resize(56, 0);
    fixed[36] = 1;
    with_part(fixed, 44, &wide(name))
}

pub(super) fn created_body() -> Vec<u8> {
    let mut body = vec![89, 0];
    body.resize(64, 0);
    body[48..56].copy_from_slice(&42_u64.to_le_bytes());
    body.extend(FILE);
    body.resize(88, 0);
    body
}

pub(super) fn create(id: u64, name: &str) -> Script {
    vec![ask(command::CREATE, id, &create_body(name)), answer(command::CREATE, id, 0, &created_body())]
}

pub(super) fn write_body(offset: u64, data: &[u8]) -> Vec<u8> {
    let mut body = vec![49, 0, 112, 0];
    body.extend((data.len() as u32).to_le_bytes());
    body.extend(offset.to_le_bytes());
    body.extend(FILE);
    body.resize(48, 0);
    body.extend(data);
    body
}

pub(super) fn write(id: u64, offset: u64, data: &[u8]) -> Script {
    let mut written = vec![17, 0, 0, 0];
    written.extend((data.len() as u32).to_le_bytes());
    written.resize(16, 0);
    vec![ask(command::WRITE, id, &write_body(offset, data)), answer(command::WRITE, id, 0, &written)]
}

pub(super) fn read_answer(id: u64, status: u32, data: &[u8]) -> (Direction, Vec<u8>) {
    let mut body = vec![17, 0, 80, 0];
    body.extend((data.len() as u32).to_le_bytes());
    body.resize(16, 0);
    body.extend(data);
    answer(command::READ, id, status, &body)
}

pub(super) fn read(id: u64, offset: u64, status: u32, data: &[u8]) -> Script {
    let mut body = vec![49, 0, 0, 0];
    body.extend(4096_u32.to_le_bytes());
    body.extend(offset.to_le_bytes());
    body.extend(FILE);
    body.resize(48, 0);
    vec![ask(command::READ, id, &body), read_answer(id, status, data)]
}

pub(super) fn transceive(id: u64, request: &[u8], status: u32, response: &[u8]) -> Script {
    let mut asked = vec![57, 0, 0, 0];
    asked.extend(0x0011_c017_u32.to_le_bytes());
    asked.extend(FILE);
    asked.extend(120_u32.to_le_bytes());
    asked.extend((request.len() as u32).to_le_bytes());
    asked.resize(56, 0);
    asked.extend(request);
    let mut answered = vec![49, 0, 0, 0];
    answered.extend(0x0011_c017_u32.to_le_bytes());
    answered.extend(FILE);
    answered.extend([112, 0, 0, 0, 0, 0, 0, 0]);
    answered.extend(112_u32.to_le_bytes());
    answered.extend((response.len() as u32).to_le_bytes());
    answered.resize(48, 0);
    answered.extend(response);
    vec![ask(command::IOCTL, id, &asked), answer(command::IOCTL, id, status, &answered)]
}

pub(super) fn close(id: u64) -> Script {
    let mut body = vec![24, 0, 0, 0, 0, 0, 0, 0];
    body.extend(FILE);
    vec![ask(command::CLOSE, id, &body), answer(command::CLOSE, id, 0, &[0; 60])]
}

pub(super) fn pdu(kind: u8, call: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![5, 0, kind, 3, 0x10, 0, 0, 0];
    out.extend(((16 + body.len()) as u16).to_le_bytes());
    out.extend([0, 0, call, 0, 0, 0]);
    out.extend(body);
    out
}

/// svcctl 2.0 and NDR, little-endian.
pub(super) const SVCCTL: [u8; 20] =
    [0x81, 0xbb, 0x7a, 0x36, 0x44, 0x98, 0xf1, 0x35, 0xad, 0x32, 0x98, 0xf0, 0x38, 0, 0x10, 3, 2, 0, 0, 0];
pub(super) const NDR: [u8; 20] =
    [4, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 8, 0, 0x2b, 0x10, 0x48, 0x60, 2, 0, 0, 0];

pub(super) fn bind() -> Vec<u8> {
    let mut body = vec![0xb8, 0x10, 0xb8, 0x10, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0];
    body.extend(SVCCTL);
    body.extend(NDR);
    pdu(11, 1, &body)
}

pub(super) fn bind_ack() -> Vec<u8> {
    let mut body = vec![0xb8, 0x10, 0xb8, 0x10, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    body.extend(NDR);
    pdu(12, 1, &body)
}

pub(super) fn request(call: u8, stub: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 0, 0, 0, 15, 0];
    body.extend(stub);
    pdu(0, call, &body)
}

pub(super) fn response(call: u8, stub: &[u8]) -> Vec<u8> {
    let mut body = vec![0; 8];
    body.extend(stub);
    pdu(2, call, &body)
}

/// A service manager is called twice: once by a transceive whose answer needs a further read, once by write and read.
pub(super) fn services() -> Script {
    let answered = response(2, &[9; 40]);
    let (first, rest) = answered.split_at(30);
    [
        tree_connect(1, r"\\dc1\IPC$", 2),
        create(2, "svcctl"),
        write(3, 0, &bind()),
        read(4, 0, 0, &bind_ack()),
        transceive(5, &request(2, &[1; 24]), 0x8000_0005, first),
        read(6, 0, 0, rest),
        write(7, 0, &request(3, &[2; 16])),
        read(8, 0, 0, &response(3, &[3; 8])),
        close(9),
    ]
    .concat()
}

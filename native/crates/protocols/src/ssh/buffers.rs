//! What rules can look into.

use sidewire_app_layer::{Buffer, Hook, Value, buffers};

use super::stage::{BANNER_DONE, BANNER_WAIT_EOL};
use super::transaction::SshTransaction;

const BANNERS: Hook = Hook::both(BANNER_WAIT_EOL, BANNER_WAIT_EOL);

pub(super) const BUFFERS: &[Buffer<SshTransaction>] = buffers! {
    /// Version of the protocol that a side offers: `2.0`.
    "ssh.proto" [alias "ssh_proto"]: Bytes, BANNERS
        => |tx, direction, _| Value::bytes(tx.sides[direction].banner.as_ref().map(|banner| &*banner.protocol));
    /// Software of a side: `OpenSSH_9.6p1`.
    "ssh.software" [alias "ssh_software"]: Bytes, BANNERS
        => |tx, direction, _| Value::bytes(tx.sides[direction].banner.as_ref().map(|banner| &*banner.software));
    /// HASSH of the client, in lower case.
    "ssh.hassh": Bytes, to_server(BANNER_DONE)
        => |tx, _, _| Value::text(tx.sides.to_server.hassh.as_ref().map(|hassh| &*hassh.hash));
    /// What the client's HASSH is made of: its algorithms.
    "ssh.hassh.string": Bytes, to_server(BANNER_DONE)
        => |tx, _, _| Value::bytes(tx.sides.to_server.hassh.as_ref().map(|hassh| &*hassh.string));
    /// HASSH of the server, in lower case.
    "ssh.hassh.server": Bytes, to_client(BANNER_DONE)
        => |tx, _, _| Value::text(tx.sides.to_client.hassh.as_ref().map(|hassh| &*hassh.hash));
    /// What the server's HASSH is made of: its algorithms.
    "ssh.hassh.server.string" [alias "ssh-hassh-server-string"]: Bytes, to_client(BANNER_DONE)
        => |tx, _, _| Value::bytes(tx.sides.to_client.hassh.as_ref().map(|hassh| &*hassh.string));
};

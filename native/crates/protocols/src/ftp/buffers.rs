//! What rules can look into.

use sidewire_app_layer::{Buffer, Value, buffers};

use super::stage::STARTED;
use super::transaction::{DataMode, FtpTransaction};

/// Modes as rules name them.
const MODES: &[(&str, u64)] = &[("active", DataMode::Active as u64), ("passive", DataMode::Passive as u64)];

/// Answers of `ftp.reply_received`. Of two names of a value the first is shown.
const TRUTHS: &[(&str, u64)] = &[("yes", 1), ("no", 0), ("true", 1), ("false", 0), ("on", 1), ("off", 0)];

pub(super) const BUFFERS: &[Buffer<FtpTransaction>] = buffers! {
    /// The command, in capitals: `RETR`.
    "ftp.command": Bytes, to_server(STARTED) => |tx, _, _| Value::bytes(tx.command.as_deref());
    /// What follows the command and its blank.
    "ftp.command_data": Bytes, to_server(STARTED)
        => |tx, _, _| Value::bytes(Some(&*tx.argument).filter(|argument| !argument.is_empty()));
    /// Each line of the replies; of one that ends a reply, what follows the code.
    "ftp.reply": Multi, to_client(STARTED)
        => |tx, _, nth| Value::bytes(tx.replies.get(nth as usize).map(|line| &*line.text));
    /// The code of each reply: `226`.
    "ftp.completion_code": Multi, to_client(STARTED) => |tx, _, nth| {
        let code = tx.replies.iter().filter_map(|line| line.code.as_ref()).nth(nth as usize);
        Value::bytes(code.map(|code| &code[..]))
    };
    /// The port that was agreed on for a data connection.
    "ftp.dynamic_port": Uint(16), both(STARTED, STARTED)
        => |tx, _, _| Value::uint(tx.data.map(|data| data.address.port));
    /// Who listens for the data connection: of `active` the client, of `passive` the server.
    "ftp.mode": Enumeration(MODES), both(STARTED, STARTED)
        => |tx, _, _| Value::uint(tx.data.map(|data| data.mode as u8));
    /// Whether the command was answered for good.
    "ftp.reply_received": EnumerationList(TRUTHS), to_client(STARTED)
        => |tx, _, nth| Value::uint(tx.reply_received().filter(|_| nth == 0));
    /// 1 when the client has data sent to another host than itself (FTP bounce), 0 when to itself.
    "ftpbounce": Uint(8), to_server(STARTED) => |tx, _, _| {
        let data = tx.data.filter(|data| data.mode == DataMode::Active);
        Value::uint(data.map(|data| data.foreign))
    };
};

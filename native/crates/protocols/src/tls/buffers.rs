//! What rules can look into.

use sidewire_app_layer::{Buffer, Hook, Value, buffers};
use sidewire_base::Direction;

use super::transaction::TlsTransaction;

/// Values of [`TlsStage`](super::progress::TlsStage) from which on a hello, and the certificates, are there: of either side the same.
const HELLO: u8 = 1;
const CERTIFICATE: u8 = 2;

const HELLOS: Hook = Hook::both(HELLO, HELLO);
const CERTIFICATES: Hook = Hook::both(CERTIFICATE, CERTIFICATE);

/// Versions as rules name them.
const VERSIONS: &[(&str, u64)] =
    &[("sslv2", 0x0002), ("sslv3", 0x0300), ("1.0", 0x0301), ("1.1", 0x0302), ("1.2", 0x0303), ("1.3", 0x0304)];

/// Messages as rules name them: bits of [`StateMessage`](super::transaction::StateMessage).
const MESSAGES: &[(&str, u64)] =
    &[("client_hello", 1), ("server_hello", 2), ("client_keyx", 4), ("server_keyx", 8), ("unknown", 16)];

pub(super) const BUFFERS: &[Buffer<TlsTransaction>] = buffers! {
    /// Name of the server that the client asks for.
    "tls.sni" [alias "tls_sni"]: Bytes, to_server(HELLO)
        => |tx, _, _| Value::bytes(tx.sides.to_server.server_name.as_deref());
    /// Protocols the client would speak inside; the one the server chose.
    "tls.alpn": Multi, HELLOS => |tx, direction, nth| {
        let names = tx.sides[direction].hello.as_ref().map_or(&[][..], |hello| &hello.alpns);
        Value::nth(names, nth)
    };
    /// The 32 random octets of a hello.
    "tls.random": Bytes, HELLOS
        => |tx, direction, _| Value::bytes(tx.sides[direction].random.as_ref().map(|octets| &octets[..]));
    /// The first 4 random octets of a hello, once meant for the time.
    "tls.random_time": Bytes, HELLOS
        => |tx, direction, _| Value::bytes(tx.sides[direction].random.as_ref().and_then(|octets| octets.get(..4)));
    /// The last 28 random octets of a hello.
    "tls.random_bytes": Bytes, HELLOS
        => |tx, direction, _| Value::bytes(tx.sides[direction].random.as_ref().and_then(|octets| octets.get(4..)));
    /// Subject of a side's first certificate: `C=FR, O=Example, CN=example.org`.
    "tls.cert_subject" [alias "tls_cert_subject"]: Bytes, CERTIFICATES
        => |tx, direction, _| Value::text(tx.sides[direction].leaf.as_ref().map(|leaf| &*leaf.subject));
    /// Issuer of a side's first certificate.
    "tls.cert_issuer" [alias "tls_cert_issuer"]: Bytes, CERTIFICATES
        => |tx, direction, _| Value::text(tx.sides[direction].leaf.as_ref().map(|leaf| &*leaf.issuer));
    /// Serial number of a side's first certificate, in upper case with colons.
    "tls.cert_serial" [alias "tls_cert_serial"]: Bytes, CERTIFICATES
        => |tx, direction, _| Value::text(tx.sides[direction].leaf.as_ref().map(|leaf| &*leaf.serial));
    /// SHA-1 of a side's first certificate, in lower case with colons.
    "tls.cert_fingerprint" [alias "tls_cert_fingerprint"]: Bytes, CERTIFICATES
        => |tx, direction, _| Value::text(tx.sides[direction].leaf.as_ref().map(|leaf| &*leaf.fingerprint));
    /// The certificates of a side, each in DER.
    "tls.certs": Multi, CERTIFICATES
        => |tx, direction, nth| tx.sides[direction].chain.get(nth as usize).map_or(Value::Absent, Value::Bytes);
    /// Alternative names of the server's first certificate.
    "tls.subjectaltname": Multi, to_client(CERTIFICATE) => |tx, direction, nth| {
        let names = tx.sides[direction].leaf.as_ref().and_then(|leaf| leaf.alternative_names.get(nth as usize));
        names.map_or(Value::Absent, |name| Value::Bytes(name.as_bytes()))
    };
    /// Number of certificates the server sent.
    "tls.cert_chain_len": Uint(32), to_client(CERTIFICATE)
        => |tx, direction, _| Value::uint(Some(tx.sides[direction].chain.len() as u64).filter(|count| *count > 0));
    /// When the server's first certificate becomes valid. Seconds since 1970.
    "tls_cert_notbefore": Uint(64), to_client(CERTIFICATE) => |tx, direction, _| {
        Value::uint(tx.sides[direction].leaf.as_ref().and_then(|leaf| u64::try_from(leaf.not_before.seconds).ok()))
    };
    /// When the server's first certificate ceases to be valid. Seconds since 1970.
    "tls_cert_notafter": Uint(64), to_client(CERTIFICATE) => |tx, direction, _| {
        Value::uint(tx.sides[direction].leaf.as_ref().and_then(|leaf| u64::try_from(leaf.not_after.seconds).ok()))
    };
    /// 1 when the server's first certificate is valid no more, 0 when it still is.
    "tls_cert_expired": Uint(8), to_client(CERTIFICATE) => |tx, direction, _| {
        let leaf = tx.sides[direction].leaf.as_ref();
        Value::uint(leaf.map(|leaf| u64::from(leaf.has_expired(tx.now.seconds()))))
    };
    /// The opposite of `tls_cert_expired`: 1 when the server's first certificate has not expired, else 0.
    "tls_cert_valid": Uint(8), to_client(CERTIFICATE) => |tx, direction, _| {
        let leaf = tx.sides[direction].leaf.as_ref();
        Value::uint(leaf.map(|leaf| u64::from(!leaf.has_expired(tx.now.seconds()))))
    };
    /// Version a side wants: of the client its first choice, of the server what it chose.
    "tls.version": Enumeration(VERSIONS), HELLOS
        => |tx, direction, _| Value::Uint(tx.sides[direction].version.0.into());
    /// Version a side wants: a list of `sslv2`, `sslv3`, `tls1.0` to `tls1.3`.
    "ssl_version": Uint(16), HELLOS => |tx, direction, _| Value::Uint(tx.sides[direction].version.0.into());
    /// The handshake message that came last.
    "ssl_state": Flags(MESSAGES), both(0, 0) => |tx, _, _| Value::Uint(tx.latest.into());
    /// MD5 of the client's JA3.
    "ja3.hash" [alias "ja3_hash"]: Bytes, to_server(HELLO)
        => |tx, _, _| Value::text(tx.ja3(Direction::ToServer).map(|ja3| &*ja3.hash));
    /// The client's JA3: `771,4865-4866,0-11-10,29-23,0`.
    "ja3.string" [alias "ja3_string"]: Bytes, to_server(HELLO)
        => |tx, _, _| Value::text(tx.ja3(Direction::ToServer).map(|ja3| &*ja3.string));
    /// MD5 of the server's JA3S.
    "ja3s.hash" [alias "ja3s_hash"]: Bytes, to_client(HELLO)
        => |tx, _, _| Value::text(tx.ja3(Direction::ToClient).map(|ja3| &*ja3.hash));
    /// The server's JA3S: `771,49200,65281-0-11-35`.
    "ja3s.string" [alias "ja3s_string"]: Bytes, to_client(HELLO)
        => |tx, _, _| Value::text(tx.ja3(Direction::ToClient).map(|ja3| &*ja3.string));
    /// The client's JA4: `t13d1516h2_8daaf6152771_e5627efa2ab1`.
    "ja4.hash" [alias "ja4_hash"]: Bytes, to_server(HELLO)
        => |tx, _, _| Value::text(tx.ja4());
};

//! A datagram to the service manager: what `sd_notify(3)` sends.

use std::io;
use std::os::unix::net::UnixDatagram;

/// Sends a state (`READY=1`, `WATCHDOG=1`) to a socket, a path or `@` and an abstract name. It never waits: a service manager
/// that does not read is not worth a packet.
///
/// # Errors
/// What the system says.
pub fn notify_service_manager(path: &str, state: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    match path.strip_prefix('@') {
        Some(name) => send_abstract(&socket, name, state)?,
        None => socket.send_to(state.as_bytes(), path)?,
    };
    Ok(())
}

#[cfg(target_os = "linux")]
fn send_abstract(socket: &UnixDatagram, name: &str, state: &str) -> io::Result<usize> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;
    socket.send_to_addr(state.as_bytes(), &SocketAddr::from_abstract_name(name)?)
}

#[cfg(not(target_os = "linux"))]
fn send_abstract(_socket: &UnixDatagram, _name: &str, _state: &str) -> io::Result<usize> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "abstract sockets are Linux's"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_one_datagram() {
        let path = std::env::temp_dir().join(format!("sidewire-notify-{}", std::process::id()));
        let _absent = std::fs::remove_file(&path);
        let manager = UnixDatagram::bind(&path).unwrap();
        notify_service_manager(path.to_str().unwrap(), "READY=1").unwrap();
        let mut text = [0; 32];
        let length = manager.recv(&mut text).unwrap();
        assert_eq!(&text[..length], b"READY=1");
        drop(manager);
        std::fs::remove_file(&path).unwrap();
        assert!(notify_service_manager(path.to_str().unwrap(), "READY=1").is_err(), "nobody is there");
    }
}

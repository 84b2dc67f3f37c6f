//! Addresses that have to be known before anybody listens there.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use socket2::{Domain, Socket, Type};

/// A loopback address that nobody gets by chance as long as this process lives.
///
/// For parts that need each other's address to start, such as two services that call one another
/// through their sidecars, and for places where nobody is to listen. Wherever the order of start
/// allows, take port 0 and ask for the address afterwards.
///
/// A socket that is bound there and does not listen holds the port: the kernel gives it to none of
/// those who ask for any port, and whoever says `SO_REUSEADDR`, as Envoy and the servers of Go and
/// Rust do, can listen at it.
pub fn reserve_address() -> SocketAddr {
    static HELD: Mutex<Vec<Socket>> = Mutex::new(Vec::new());
    let (socket, address) = bound().expect("a free loopback port");
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    held.push(socket);
    address
}

/// A socket that shares its port with every other that is willing to.
fn bound() -> io::Result<(Socket, SocketAddr)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    let address = socket.local_addr()?.as_socket();
    Ok((socket, address.ok_or(io::ErrorKind::AddrNotAvailable)?))
}

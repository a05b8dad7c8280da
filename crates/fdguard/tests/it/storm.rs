//! All clients at once, as after a restart of the hub.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use tailcast_fdguard::{Asked, Budget, Limit, Listener, Plan, backlog_in_force};

use crate::server::{HUNG, Server, served_and_refused};

const CLIENTS: usize = 1000;

#[tokio::test]
async fn a_thousand_clients_connect_before_the_first_is_accepted() {
    Limit::raise();
    if (backlog_in_force() as usize) < CLIENTS {
        eprintln!("skipped: net.core.somaxconn is too small");
        return;
    }
    let budget = Budget::new(Plan::viewers_only()).unwrap();
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut listener = Listener::bind(here, budget, |_: &Asked<'_>| b"busy".to_vec()).unwrap();
    let address = listener.local_addr().unwrap();
    // Nobody accepts meanwhile: a backlog that is too short would leave some of them waiting for ever.
    let clients: Vec<_> = (0..CLIENTS).map(|_| TcpStream::connect_timeout(&address, HUNG).unwrap()).collect();
    for _ in 0..CLIENTS {
        listener.accept().await;
    }
    drop(clients);
}

#[test]
fn a_thousand_clients_at_once_are_all_served() {
    Limit::raise();
    let server = Server::under("ulimit -n 2048");
    assert_eq!(served_and_refused(&server.visits(CLIENTS)), (CLIENTS, 0));
}

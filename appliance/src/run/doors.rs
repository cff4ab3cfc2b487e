//! Holds the doors of the service: the ports it listens on, plain and over TLS, opened before anybody is told of them.
//! Never decides who may come in. Called by `run` once everything behind them stands.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::cli::{Ending, Exit};
use crate::config::Config;
use crate::http::listener::Server;
use crate::http::tls::Tls;
use crate::shell::broker;

/// The open ports.
pub(super) struct Doors {
    /// Without TLS.
    pub(super) plain: TcpListener,
    secure: Option<(TcpListener, Arc<Tls>)>,
}

/// Opens them; a port that cannot be had ends the start.
pub(super) fn open(config: &Config, tls: Option<&Arc<Tls>>) -> Result<Doors, Ending> {
    let plain = listen(config.http.listen, "--listen")?;
    let secure = match tls {
        Some(tls) => {
            let secure = listen(config.http.tls_address(), "--tls-listen, or do without by --no-tls")?;
            tls.listens_on(secure.local_addr()?.port());
            Some((secure, tls.clone()))
        }
        None => None,
    };
    Ok(Doors { plain, secure })
}

impl Doors {
    /// Lets people in until told to stop.
    pub(super) async fn serve(self, server: Server, stopped: watch::Receiver<bool>) {
        match self.secure {
            Some((secure, tls)) => {
                tokio::join!(server.serve(self.plain, stopped.clone()), server.serve_tls(secure, tls, stopped));
            }
            None => server.serve(self.plain, stopped).await,
        }
    }
}

/// Opens a port; `option` is how another one is chosen.
fn listen(address: SocketAddr, option: &str) -> Result<TcpListener, Ending> {
    broker::listen(address).and_then(TcpListener::from_std).map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("; another program has the port: stop it, or choose another with {option}")
            }
            io::ErrorKind::PermissionDenied => "; ports below 1024 need CAP_NET_BIND_SERVICE".to_owned(),
            _ => String::new(),
        };
        Ending::new(Exit::System, format!("cannot listen on {address}: {error}{advice}"))
    })
}

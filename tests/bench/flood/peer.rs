//! Holds the peers of the flood: hyper as its documentation starts it, nginx as Debian ships it, Python's own server.
//! Never lets one listen outside the namespace it is given.
//! The benchmark starts one at a time.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::process::{Child, Stdio};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use tempfile::TempDir;
use tokio::net::TcpListener;
use vigie_tests::flood::ask_once;
use vigie_tests::lab::{Lab, Rights};
use vigie_tests::patience::eventually;

/// Where every peer listens.
pub(crate) const PORT: u16 = 8081;
/// The word with which this program starts itself as a peer.
pub(crate) const BARE_HYPER_WORD: &str = "serve-bare-hyper";
/// About as long as the log-in page the service is asked for.
const PAGE_BYTES: usize = 2_000;

/// A server that runs until it is dropped.
pub(crate) struct Peer {
    child: Child,
    _folder: TempDir,
}

impl Peer {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // nginx takes its workers with it on SIGTERM only; ending the namespace's processes does for all.
        if let Some(pid) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
            let _gone = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        for _ in 0..50 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Starts a peer and waits for its first answer.
pub(crate) fn start(name: &str, lab: &Lab) -> Result<Peer, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    std::fs::write(folder.path().join("index.html"), "x".repeat(PAGE_BYTES)).map_err(|error| error.to_string())?;
    let mut command = match name {
        "bare-hyper" => {
            let program = std::env::current_exe().map_err(|error| error.to_string())?;
            let mut command = lab.command(Rights::Root, &program);
            command.arg(BARE_HYPER_WORD);
            command
        }
        "nginx" => {
            let settings = folder.path().join("nginx.conf");
            // What Debian's own file says of workers, connections and time-outs, with our port and folder.
            let text = format!(
                "worker_processes auto;\npid {folder}/pid;\nerror_log {folder}/error;\nuser root;\ndaemon off;\n\
                 events {{ worker_connections 768; }}\nhttp {{ sendfile on; tcp_nopush on; access_log {folder}/access; \
                 server {{ listen 127.0.0.1:{PORT}; root {folder}; }} }}\n",
                folder = folder.path().display()
            );
            std::fs::write(&settings, text).map_err(|error| error.to_string())?;
            let mut command = lab.command(Rights::Root, "/usr/sbin/nginx".as_ref());
            command.arg("-c").arg(settings);
            command
        }
        "python" => {
            let mut command = lab.command(Rights::Root, "/usr/bin/python3".as_ref());
            command.args(["-m", "http.server", &PORT.to_string(), "--bind", "127.0.0.1", "--directory"]);
            command.arg(folder.path());
            command
        }
        other => return Err(format!("there is no peer {other}")),
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().map_err(|error| error.to_string())?;
    let peer = Peer { child, _folder: folder };
    eventually("the peer answers", Duration::from_secs(20), || {
        lab.inside(|| ask_once((Ipv4Addr::LOCALHOST, PORT).into(), "/")).map_err(|error| error.to_string())
    });
    Ok(peer)
}

/// hyper as its guide starts it: a task a connection, a timer, and nothing else.
pub(crate) fn serve_bare_hyper() -> ! {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await.expect("a port");
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            tokio::task::spawn_local(
                http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service_fn(page)),
            );
        }
    })
}

/// Reads the body as any handler would, and answers.
async fn page(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let _body = http_body_util::BodyExt::collect(request.into_body()).await;
    Ok(Response::new(Full::new(Bytes::from(vec![b'x'; PAGE_BYTES]))))
}

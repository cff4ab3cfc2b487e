//! Holds what an open port is asked about itself, by its number: a port that is not listed is not spoken to.
//! Never logs in, never sends more than one harmless request. Called by errands.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;
use vigie_core::lan::Fact;
use vigie_core::lan::{Clue, Source};
use vigie_wire::names::banner::{greeting, ssh};

use super::{Visit, http, rtsp, tls};

/// Bytes of a greeting worth reading.
const MAX_GREETING_BYTES: usize = 1_024;
/// Servers greet at once; slow ones look a client's name up first.
const GREETING_TIME: Duration = Duration::from_secs(3);

/// How a port is spoken to.
enum Manner {
    Ssh,
    Http,
    Https,
    Rtsp,
    /// FTP and mail: they speak first, with a code.
    Coded,
    Telnet,
}

const fn manner(port: u16) -> Option<Manner> {
    match port {
        22 | 2222 => Some(Manner::Ssh),
        80..=82
        | 88
        | 3000
        | 5000
        | 5357
        | 7000
        | 8000
        | 8001
        | 8008
        | 8060
        | 8080
        | 8081
        | 8088
        | 8096
        | 8123
        | 8181
        | 8200
        | 8888
        | 9000
        | 9090
        | 10000
        | 32400
        | 49152
        | 49153
        | 1400 => Some(Manner::Http),
        443 | 4443 | 5001 | 8006 | 8443 | 9443 => Some(Manner::Https),
        554 | 8554 | 10554 => Some(Manner::Rtsp),
        21 | 25 | 110 | 143 | 587 => Some(Manner::Coded),
        23 => Some(Manner::Telnet),
        _ => None,
    }
}

/// Reads what `port` says of itself.
pub(super) async fn read(at: &Visit, port: u16) {
    let Some(manner) = manner(port) else { return };
    let Some(mut stream) = at.connect(port).await else { return };
    match manner {
        Manner::Ssh => {
            let bytes = first_words(&mut stream).await;
            let Ok(said) = ssh::read(&bytes) else { return };
            let text = [said.software.as_str(), said.version.as_str(), said.comment.as_str()].join(" ");
            at.tell(Source::Ssh, Fact::Clue(Clue::SshVersion, text.trim()));
        }
        Manner::Http => http::read(at, &mut stream).await,
        Manner::Https => {
            if let Some(mut secure) = tls::greet(at, stream).await {
                http::read(at, &mut secure).await;
            }
        }
        Manner::Rtsp => rtsp::read(at, port, &mut stream).await,
        Manner::Coded => {
            let Ok(said) = greeting::read(&first_words(&mut stream).await) else { return };
            at.tell(Source::Banner, Fact::Clue(Clue::Greeting, &format!("{port}:{}", said.text)));
            if let Some(host) = said.host.filter(|_| port == 25 || port == 587) {
                let name = host.split('.').next().unwrap_or_default();
                if !name.is_empty() && name != "localhost" {
                    at.tell(Source::Banner, Fact::Name(name));
                }
            }
        }
        Manner::Telnet => {
            let text = greeting::read_telnet(&first_words(&mut stream).await);
            if !text.is_empty() {
                at.tell(Source::Banner, Fact::Clue(Clue::Greeting, &format!("{port}:{text}")));
            }
        }
    }
}

/// What a server says before it is spoken to, up to its first pause after a whole line.
async fn first_words(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut words = Vec::with_capacity(256);
    let listen = async {
        while words.len() < MAX_GREETING_BYTES {
            if stream.read_buf(&mut words).await.unwrap_or(0) == 0 || words.ends_with(b"\n") {
                break;
            }
        }
    };
    // What came until then is what there is to read: a telnet prompt has no end of line.
    let _silent = timeout(GREETING_TIME, listen).await;
    words
}

//! The TCP connection below a tunnel: straight, or through the proxy that this machine is set to.

use std::net::SocketAddr;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::http::Uri;

/// The most addresses of one name that are tried, all at once.
const ADDRESSES: usize = 8;

/// The longest answer of a proxy.
const ANSWER: usize = 8 << 10;

/// The port of a proxy that names none.
const PORT: u16 = 80;

/// Whether this machine reaches that host through a proxy.
pub(super) fn is_needed(place: &str) -> bool {
    proxy_for(place).is_some()
}

/// Connects to `place`, a `HOST:PORT`. The proxy is that of `HTTPS_PROXY` or `ALL_PROXY` unless
/// `NO_PROXY` excepts the host, or the one that Windows or macOS is set to.
pub(super) async fn connect(place: &str) -> Option<TcpStream> {
    let Some(proxy) = proxy_for(place) else {
        return straight(place).await;
    };
    let stream = straight(&address(&proxy)?).await?;
    super::hasten(&stream);
    ask(stream, place, &proxy).await
}

/// The proxy that leads to that host, as `HOST:PORT`.
pub(super) fn name(place: &str) -> Option<String> {
    address(&proxy_for(place)?)
}

fn address(proxy: &Intercept) -> Option<String> {
    let (host, port) = (proxy.uri().host()?, proxy.uri().port_u16().unwrap_or(PORT));
    Some(format!("{host}:{port}"))
}

fn proxy_for(place: &str) -> Option<Intercept> {
    let uri: Uri = format!("https://{place}/").parse().ok()?;
    let proxy = Matcher::from_system().intercept(&uri)?;
    if proxy.uri().scheme_str() == Some("http") {
        return Some(proxy);
    }
    tracing::info!("only proxies with http:// are used; this one is left out");
    None
}

async fn straight(place: &str) -> Option<TcpStream> {
    let addresses: Vec<SocketAddr> = lookup_host(place).await.ok()?.take(ADDRESSES).collect();
    let mut tries = JoinSet::new();
    for address in addresses {
        tries.spawn(TcpStream::connect(address));
    }
    while let Some(tried) = tries.join_next().await {
        if let Ok(Ok(stream)) = tried {
            return Some(stream);
        }
    }
    None
}

/// Asks the proxy for a connection to `place` (RFC 9110, section 9.3.6).
async fn ask(mut stream: TcpStream, place: &str, proxy: &Intercept) -> Option<TcpStream> {
    let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n").into_bytes();
    if let Some(secret) = proxy.basic_auth() {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(secret.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await.ok()?;
    let mut answer = Vec::new();
    // Byte for byte: what follows is not the proxy's. Its answer is short and the system has it.
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.ok()?);
        if answer.len() > ANSWER {
            return None;
        }
    }
    if is_yes(&answer) {
        return Some(stream);
    }
    tracing::info!("the proxy does not connect us");
    None
}

fn is_yes(answer: &[u8]) -> bool {
    let mut words = answer.split(u8::is_ascii_whitespace);
    let version = words.next().unwrap_or_default();
    let code = words.next().unwrap_or_default();
    let is_good =
        matches!(code, [b'2', rest @ ..] if rest.len() == 2 && rest.iter().all(u8::is_ascii_digit));
    version.starts_with(b"HTTP/1.") && is_good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        assert!(is_yes(b"HTTP/1.1 200 Connection established\r\n\r\n"));
        assert!(is_yes(b"HTTP/1.0 200 OK\r\n\r\n"));
        for no in [
            &b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"[..],
            b"HTTP/1.1 2\r\n\r\n",
            b"SSH-2.0 200\r\n\r\n",
            b"\r\n\r\n",
        ] {
            assert!(!is_yes(no));
        }
    }
}

//! Where a request comes from.
//!
//! Proxies write into `X-Forwarded-For` whom they were asked by, each behind the ones before. Anybody can
//! send that header, so only the part is believed that trusted proxies have written.

use std::net::IpAddr;

use poem::http::HeaderMap;
use poem::{Addr, Request};

/// Who sent a request, as far as proxies can be trusted to tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sender {
    pub(super) address: IpAddr,
    /// Whether the sender says that it forwards the request of somebody else, and nobody has said that it is trusted.
    pub(super) is_forwarded_by_stranger: bool,
}

/// Returns who sent the request; none where it did not come over a network.
pub(super) fn sender(request: &Request, proxies: &[IpAddr]) -> Option<Sender> {
    match request.remote_addr().0 {
        Addr::SocketAddr(peer) => Some(find(peer.ip(), request.headers(), proxies)),
        _ => None,
    }
}

fn find(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> Sender {
    let named = headers.get_all("x-forwarded-for").iter();
    let named = named.filter_map(|value| value.to_str().ok());
    let named: Vec<_> = named.flat_map(|value| value.split(',')).collect();
    let mut address = peer.to_canonical();
    let is_forwarded_by_stranger = !named.is_empty() && !proxies.contains(&address);
    for text in named.iter().rev() {
        match text.trim().parse::<IpAddr>() {
            Ok(before) if proxies.contains(&address) => address = before.to_canonical(),
            _ => break,
        }
    }
    Sender {
        address,
        is_forwarded_by_stranger,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &'static str) -> String {
        sent(peer, forwarded).address.to_string()
    }

    fn sent(peer: &str, forwarded: &'static str) -> Sender {
        let headers = [(
            "x-forwarded-for".parse().unwrap(),
            forwarded.parse().unwrap(),
        )];
        let proxies = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let headers = headers.into_iter().collect();
        find(peer.parse().unwrap(), &headers, &proxies)
    }

    #[test]
    fn a_trusted_proxy_is_believed() {
        assert_eq!(seen("10.0.0.1", "192.0.2.7"), "192.0.2.7");
        assert_eq!(seen("10.0.0.1", "192.0.2.7, 10.0.0.2"), "192.0.2.7");
        assert_eq!(seen("::ffff:10.0.0.1", "192.0.2.7"), "192.0.2.7");
    }

    #[test]
    fn what_others_say_is_not_believed() {
        assert_eq!(seen("192.0.2.7", "198.51.100.1"), "192.0.2.7");
        assert_eq!(seen("10.0.0.1", "198.51.100.1, 192.0.2.7"), "192.0.2.7");
        assert_eq!(seen("10.0.0.1", "nonsense"), "10.0.0.1");
    }

    #[test]
    fn a_proxy_that_nobody_trusts_is_noticed() {
        assert!(sent("192.0.2.7", "198.51.100.1").is_forwarded_by_stranger);
        assert!(!sent("10.0.0.1", "192.0.2.7").is_forwarded_by_stranger);
    }
}

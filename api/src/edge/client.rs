//! Where a request comes from.
//!
//! Proxies write into `X-Forwarded-For` whom they were asked by, each behind the ones before. Anybody can
//! send that header, so only the part is believed that trusted proxies have written.

use std::net::IpAddr;

use poem::http::HeaderMap;
use poem::{Addr, Request};

/// Returns the address of whoever sent the request, as far as `proxies` can be trusted to tell it; none where
/// it did not come over a network.
pub(super) fn address(request: &Request, proxies: &[IpAddr]) -> Option<IpAddr> {
    match request.remote_addr().0 {
        Addr::SocketAddr(peer) => Some(sender(peer.ip(), request.headers(), proxies)),
        _ => None,
    }
}

fn sender(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> IpAddr {
    let named = headers.get_all("x-forwarded-for").iter();
    let named = named.filter_map(|value| value.to_str().ok());
    let named: Vec<_> = named.flat_map(|value| value.split(',')).collect();
    let mut address = peer.to_canonical();
    for text in named.iter().rev() {
        match text.trim().parse::<IpAddr>() {
            Ok(before) if proxies.contains(&address) => address = before.to_canonical(),
            _ => break,
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &'static str) -> String {
        let headers = [(
            "x-forwarded-for".parse().unwrap(),
            forwarded.parse().unwrap(),
        )];
        let proxies = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let headers = headers.into_iter().collect();
        sender(peer.parse().unwrap(), &headers, &proxies).to_string()
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
}

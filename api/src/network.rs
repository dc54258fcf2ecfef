//! What counts as one sender.

use std::net::{IpAddr, Ipv6Addr};

/// Returns what one household or machine has: an IPv6 address is as good as 2^64 of them.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let prefix = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(prefix))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_is_one_sender() {
        let same = ["2001:db8::1", "2001:db8::ffff:1"].map(|text| network(text.parse().unwrap()));
        assert_eq!(same[0], same[1]);
        let other = network("2001:db8:0:1::1".parse().unwrap());
        assert_ne!(same[0], other);
        assert_ne!(
            network("192.0.2.1".parse().unwrap()),
            network("192.0.2.2".parse().unwrap())
        );
    }
}

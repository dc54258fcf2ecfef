//! Where requests that carry credentials may go.
//!
//! A base URL is part of a connection's settings, so whoever may change them, or write to the database, could have credentials
//! sent elsewhere. Therefore: only https, save to this machine; to listed hosts only, where some are listed; and never to
//! addresses that mean the machine's own network segment or a cloud's metadata service, also when a name resolves to one.
//! (Where requests go through a proxy of the system, the proxy resolves names, and this last check is its own.)

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::error::{Error, Result};

/// The setting.
pub const SETTING: &str = "CTSYNC_UPSTREAM_HOSTS";

/// Addresses beside the link-local ones at which clouds tell a machine its secrets.
const METADATA: [IpAddr; 2] = [
    IpAddr::V4(std::net::Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// Where requests may go.
#[derive(Debug, Clone, Default)]
pub struct Egress {
    /// Hosts that base URLs of connections may name; any where none is listed.
    listed: Arc<[String]>,
}

impl Egress {
    /// Reads the setting: hosts, separated by commas; `*.example.com` means all below it.
    ///
    /// # Errors
    /// When one of them is no host.
    pub fn parse(setting: Option<&str>) -> Result<Self> {
        let hosts = setting.unwrap_or_default().split(',').map(str::trim);
        let hosts = hosts.filter(|host| !host.is_empty()).map(|host| {
            let plain = host.strip_prefix("*.").unwrap_or(host);
            let parsed = Host::parse(plain).map_err(|_| {
                Error::Configuration(format!(
                    "{SETTING} must be hosts like api.example.com or *.example.com, separated by commas"
                ))
            })?;
            let below = if plain == host { "" } else { "*." };
            Ok(format!("{below}{parsed}"))
        });
        Ok(Self {
            listed: hosts.collect::<Result<_>>()?,
        })
    }

    /// Refuses a base URL that credentials must not be sent to.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the reason.
    pub fn check(&self, url: &Url) -> Result<()> {
        let refuse = |why: &str| Err(Error::Invalid(format!("base_url {why}")));
        let Some(host) = url.host() else {
            return refuse("has no host");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("cannot have a user or password");
        }
        let is_secure = match url.scheme() {
            "https" => true,
            "http" => is_this_machine(&host),
            _ => false,
        };
        if !is_secure {
            return refuse("must begin with https://; http is for this machine only");
        }
        let name = host.to_string();
        if !self.listed.is_empty() && !self.is_listed(&name) {
            return refuse(&format!("names a host that {SETTING} does not list"));
        }
        let address = match host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        };
        match address {
            Some(address) if is_internal(address) && !self.is_listed(&name) => {
                refuse("cannot be a link-local or metadata address")
            }
            _ => Ok(()),
        }
    }

    fn is_listed(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.listed
            .iter()
            .any(|listed| match listed.strip_prefix('*') {
                Some(below) => host.ends_with(below),
                None => *listed == host,
            })
    }
}

/// Finds the addresses of hosts, but none that requests must not go to.
impl Resolve for Egress {
    fn resolve(&self, name: Name) -> Resolving {
        let is_listed = self.is_listed(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed = found.filter(|found| is_listed || !is_internal(found.ip()));
            let allowed: Vec<SocketAddr> = allowed.collect();
            if allowed.is_empty() {
                return Err("the host has link-local or metadata addresses only".into());
            }
            Ok::<Addrs, _>(Box::new(allowed.into_iter()))
        })
    }
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.to_canonical().is_loopback(),
    }
}

/// Whether an address means the network segment, a metadata service, or nobody in particular.
fn is_internal(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let is_local = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    is_local || address.is_unspecified() || address.is_multicast() || METADATA.contains(&address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(egress: &Egress, url: &str) -> Option<String> {
        let checked = egress.check(&url.parse().unwrap());
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn credentials_go_nowhere_in_the_clear_or_inside() {
        let egress = Egress::default();
        for good in [
            "https://api.clienttether.com/v2/api/",
            "https://10.1.2.3/",
            "http://127.0.0.1:8080/a/",
            "http://localhost:1/",
            "http://[::1]:1/",
            // What browsers and libraries take for 127.0.0.1.
            "http://0x7f000001/",
        ] {
            assert_eq!(refusal(&egress, good), None, "{good}");
        }
        for wrong in [
            "http://api.clienttether.com/",
            "http://10.1.2.3/",
            "ftp://127.0.0.1/",
            "https://user:word@api.clienttether.com/",
            "https://169.254.169.254/",
            "https://0xa9fea9fe/",
            "https://[fe80::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://[fd00:ec2::254]/",
            "https://100.100.100.200/",
            "https://0.0.0.0/",
            "https://[::]/",
        ] {
            assert!(refusal(&egress, wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn listed_hosts_are_the_only_ones() {
        let egress = Egress::parse(Some("api.example.com, *.example.org,169.254.1.2")).unwrap();
        for good in [
            "https://api.example.com/",
            "https://API.example.com:8443/",
            "https://a.b.example.org/",
            "https://169.254.1.2/",
        ] {
            assert_eq!(refusal(&egress, good), None, "{good}");
        }
        for wrong in [
            "https://example.com/",
            "https://example.org/",
            "https://badexample.org/",
            "https://api.example.com.evil.example/",
            "http://localhost/",
            "http://169.254.1.2/",
        ] {
            assert!(refusal(&egress, wrong).is_some(), "{wrong}");
        }
        assert!(Egress::parse(Some("https://example.com")).is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_resolved() {
        let resolve = async |egress: &Egress, name: &str| {
            let found = egress.resolve(name.parse().unwrap()).await;
            found.map(Iterator::count).unwrap_or_default()
        };
        assert!(resolve(&Egress::default(), "localhost").await > 0);
        // Numbers are resolved to themselves.
        assert_eq!(resolve(&Egress::default(), "169.254.169.254").await, 0);
        let listed = Egress::parse(Some("169.254.169.254")).unwrap();
        assert_eq!(resolve(&listed, "169.254.169.254").await, 1);
    }
}

//! Which addresses may be asked, and which of them are of this machine.

use std::net::IpAddr;

use url::{Host, Url};

/// Whether requests may go to an address: https, or http on this machine, where nobody listens on the way.
pub fn may_be_asked(address: &Url) -> bool {
    match address.scheme() {
        "https" => address.has_host(),
        "http" => is_loopback(address),
        _ => false,
    }
}

/// Whether an address is of this machine.
pub fn is_loopback(address: &Url) -> bool {
    match address.host() {
        Some(Host::Domain(name)) => is_local_name(name),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// As [`is_loopback`], of a host as it stands in an address.
pub fn is_loopback_host(host: &str) -> bool {
    let ip = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    is_local_name(host) || ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn is_local_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_and_this_machine_may_be_asked() {
        for good in
            ["https://example.org/", "http://127.0.0.1:8080/", "http://127.1/", "http://[::1]:1/", "http://LocalHost/x"]
        {
            assert!(may_be_asked(&Url::parse(good).unwrap()), "{good}");
        }
        for bad in [
            "http://example.org/",
            "http://127.0.0.1.example.org/",
            "http://localhost.example.org/",
            "http://10.0.0.1/",
            "http://[::2]/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
        ] {
            assert!(!may_be_asked(&Url::parse(bad).unwrap()), "{bad}");
        }
    }

    #[test]
    fn a_host_is_judged_like_the_address_that_it_stands_in() {
        for (host, expected) in [
            ("localhost", true),
            ("LOCALHOST", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("example.org", false),
            ("localhost.example.org", false),
            ("[::2]", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(is_loopback_host(host), expected, "{host}");
            assert_eq!(is_loopback(&Url::parse(&format!("http://{host}/")).unwrap()), expected, "{host}");
        }
    }
}

//! Addresses, as PyPI judges them with `rfc3986`.

/// Whether PyPI takes a text as an address. It asks for `http` or `https`, a port that exists, and a path and query without
/// square brackets; it does not look at the host's form.
pub(crate) fn is_web_address(text: &str) -> bool {
    let Some(parts) = Parts::of(text) else {
        return false;
    };
    let brackets = |part: &str| part.contains(['[', ']']);
    !brackets(parts.path_and_query) && parts.authority.is_none_or(port_exists)
}

/// Whether an address names a host that a browser could look up.
pub(crate) fn has_host(text: &str) -> bool {
    let authority = Parts::of(text).and_then(|parts| parts.authority).unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let unfit =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '|' | '^' | '`' | '{' | '}');
    !host.is_empty() && !host.starts_with(':') && !host.contains(unfit)
}

struct Parts<'a> {
    authority: Option<&'a str>,
    path_and_query: &'a str,
}

impl<'a> Parts<'a> {
    /// The parts of an address of the web.
    fn of(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return None;
        }
        let (authority, rest) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find(['\\', '/', '?', '#']).unwrap_or(rest.len());
                (Some(&rest[..end]), &rest[end..])
            }
            None => (None, rest),
        };
        Some(Self { authority, path_and_query: rest.split('#').next().unwrap_or_default() })
    }
}

/// Whether the port is none or one of 0 to 65535. An authority that cannot be taken apart has none.
fn port_exists(authority: &str) -> bool {
    let Some((front, port)) = authority.rsplit_once(':') else {
        return true;
    };
    let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let (user, host) = front.split_once('@').map_or((None, front), |(user, host)| (Some(user), host));
    let splits = is_port && is_host(host) && user.is_none_or(|user| !user.is_empty() && has_only(user, ":"));
    !splits || port.parse::<u16>().is_ok()
}

fn is_host(host: &str) -> bool {
    if host.starts_with('[') && host.ends_with(']') {
        return host[1..host.len() - 1].parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_number =
        host.split('.').all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    if is_number && host.split('.').count() == 4 {
        return host.split('.').all(|part| part.parse::<u8>().is_ok());
    }
    has_only(host, "")
}

/// Whether a text consists of unreserved characters, sub-delimiters, percent-encoded bytes and some more.
fn has_only(text: &str, more: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let hex = |offset| bytes.get(at + offset).is_some_and(u8::is_ascii_hexdigit);
        if byte == b'%' && hex(1) && hex(2) {
            at += 3;
        } else if byte.is_ascii_alphanumeric() || b"._~-!$&'()*+,;=".contains(&byte) || more.as_bytes().contains(&byte)
        {
            at += 1;
        } else {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in [
            "https://example.org/a b?c=d#[e]",
            "HTTP://x",
            "https:",
            "https://a b/",
            "http://x:80/%zz",
            "http://x:123456/",
        ] {
            assert!(is_web_address(good), "{good}");
        }
        for bad in [
            "",
            "example.org",
            "ftp://x",
            "javascript:alert(1)",
            " https://x",
            "https://x/[a]",
            "https://x?a[]=b",
            "https://x:99999/",
        ] {
            assert!(!is_web_address(bad), "{bad}");
        }
        assert!(has_host("https://example.org/") && has_host("https://a@[::1]:80/"));
        for bare in ["https:", "https:///a", "https://a b/", "https://:80"] {
            assert!(!has_host(bare), "{bare}");
        }
    }
}

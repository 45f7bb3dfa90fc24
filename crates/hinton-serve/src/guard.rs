//! Access control: every request is checked before its route.

use std::net::IpAddr;

use hyper::header::{CONTENT_LENGTH, HOST, HeaderMap, ORIGIN, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};

/// The header that carries the key.
pub(crate) const KEY: &str = "x-hinton-key";
/// What a browser says of where a request comes from.
const FETCH_SITE: &str = "sec-fetch-site";

/// Who may access a server.
#[derive(Debug, Clone)]
pub struct Access {
    /// The access key: 32 hexadecimal digits that cannot be guessed.
    pub key: String,
    /// Host names under which the server may be addressed, as in the header `Host`. A name without
    /// a port is allowed with any port, because a forwarded port differs on both sides.
    pub hosts: Vec<String>,
    /// Whether the server may also be addressed by any IP address, rather than only by name. A page of
    /// another site can make its own host name resolve to this machine, but cannot do that with an IP
    /// address.
    pub by_number: bool,
    /// The path before all paths, if a proxy forwards it: `/user/ada/proxy/8000`; else empty.
    pub base: String,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) message: &'static str,
}

const fn refused(status: StatusCode, message: &'static str) -> Refused {
    Refused { status, message }
}

impl Access {
    /// The path of a request that may be made, without the [base](Access::base). `is_page` tells
    /// whether a path is one of the page's own files, which need no key.
    pub(crate) fn check<'p>(
        &self,
        parts: &'p Parts,
        is_page: impl Fn(&str) -> bool,
    ) -> Result<&'p str, Refused> {
        let headers = &parts.headers;
        // A page of another host that is made to mean this machine calls it by its own name.
        let named = parts.uri.authority().map(|authority| authority.as_str());
        let host = only(headers, HOST.as_str()).filter(|host| self.allows(host));
        let (Some(host), false) = (host, named.is_some_and(|named| !self.allows(named))) else {
            return Err(refused(StatusCode::FORBIDDEN, "this host is not allowed"));
        };
        let path = parts.uri.path();
        let path = match path.strip_prefix(&self.base).filter(|_| !self.base.is_empty()) {
            Some("") => "/",
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        };
        let is_page = is_page(path);
        let site = headers.get(FETCH_SITE).map(|site| site.as_bytes());
        let is_own = match site {
            None | Some(b"same-origin" | b"none") => true,
            // Another server of this machine is of the same site. It may lead here, not ask.
            Some(b"same-site") => is_page,
            Some(_) => false,
        };
        let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
        let is_own_origin = origin.is_none_or(|origin| {
            origin.split_once("://").is_some_and(|(_, of)| of.eq_ignore_ascii_case(host))
        });
        if !is_own || !is_own_origin || headers.get_all(FETCH_SITE).iter().count() > 1 {
            return Err(refused(StatusCode::FORBIDDEN, "requests of other sites are refused"));
        }
        if parts.method != Method::GET {
            return Err(refused(StatusCode::METHOD_NOT_ALLOWED, "only GET is understood"));
        }
        let length = headers.get(CONTENT_LENGTH).map(|length| length.as_bytes());
        if headers.contains_key(TRANSFER_ENCODING) || length.is_some_and(|length| length != b"0") {
            return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "a request has no body here"));
        }
        if !is_page && !only(headers, KEY).is_some_and(|key| same(key, &self.key)) {
            return Err(refused(StatusCode::UNAUTHORIZED, "the key is missing or wrong"));
        }
        Ok(path)
    }

    /// Whether the server may be called by that name.
    fn allows(&self, host: &str) -> bool {
        let bare = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let is_number = || {
            let inner = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            inner.unwrap_or(bare).parse::<IpAddr>().is_ok()
        };
        let is = |allowed: &String| {
            allowed.eq_ignore_ascii_case(host) || allowed.eq_ignore_ascii_case(bare)
        };
        self.hosts.iter().any(is) || (self.by_number && is_number())
    }
}

/// The value of a header that is there once.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok()
}

/// Whether two keys are the same, in a time that does not tell how much of them is.
fn same(one: &str, two: &str) -> bool {
    let differ = one.bytes().zip(two.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    one.len() == two.len() && differ == 0 && !two.is_empty()
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    const OWN: &str = "0123456789abcdef0123456789abcdef";

    fn access() -> Access {
        let hosts = ["127.0.0.1", "localhost", "[::1]", "lab.example", "hub.example:8443"];
        Access {
            key: OWN.to_owned(),
            hosts: hosts.map(str::to_owned).to_vec(),
            by_number: false,
            base: "/user/a/proxy/80".to_owned(),
        }
    }

    /// What a request with these headers is answered with; 200 where it may be made.
    fn status(method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let is_page = |path: &str| path == "/";
        access().check(&parts, is_page).map_or_else(|refused| refused.status.as_u16(), |_| 200)
    }

    /// The table of what is refused: one row, one rule.
    #[test]
    fn every_rule_refuses() {
        let host = ("host", "localhost:80");
        let key = (KEY, OWN);
        type Row<'a> = (&'a str, u16, &'a str, &'a str, &'a [(&'a str, &'a str)]);
        let table: &[Row] = &[
            (
                "a request of the page",
                200,
                "GET",
                "/api/x",
                &[host, key, ("sec-fetch-site", "same-origin")],
            ),
            ("a script with the key", 200, "GET", "/api/x", &[host, key]),
            ("the page itself", 200, "GET", "/", &[host, ("sec-fetch-site", "none")]),
            ("behind a proxy", 200, "GET", "/user/a/proxy/80/", &[("host", "lab.example")]),
            ("a name for any port", 200, "GET", "/", &[("host", "LAB.example:8888")]),
            ("no host", 403, "GET", "/", &[]),
            ("a foreign host, page", 403, "GET", "/", &[("host", "evil.example:80")]),
            ("a foreign host with the key", 403, "GET", "/api/x", &[("host", "evil.example"), key]),
            ("a forwarded port", 200, "GET", "/", &[("host", "localhost:9000")]),
            ("another port of a name with one", 403, "GET", "/", &[("host", "hub.example")]),
            ("a number of an interface", 403, "GET", "/", &[("host", "192.168.0.5:80")]),
            (
                "a name that begins as ours",
                403,
                "GET",
                "/",
                &[("host", "localhost:80.evil.example")],
            ),
            ("two hosts", 403, "GET", "/", &[host, ("host", "evil.example")]),
            ("a foreign host in the target", 403, "GET", "http://evil.example/", &[host]),
            ("another site", 403, "GET", "/api/x", &[host, key, ("sec-fetch-site", "cross-site")]),
            ("another site, page", 403, "GET", "/", &[host, ("sec-fetch-site", "cross-site")]),
            (
                "another server here",
                403,
                "GET",
                "/api/x",
                &[host, key, ("sec-fetch-site", "same-site")],
            ),
            (
                "another server here leads to the page",
                200,
                "GET",
                "/",
                &[host, ("sec-fetch-site", "same-site")],
            ),
            (
                "a foreign origin",
                403,
                "GET",
                "/api/x",
                &[host, key, ("origin", "http://evil.example")],
            ),
            (
                "the origin of another server here",
                403,
                "GET",
                "/api/x",
                &[host, key, ("origin", "http://localhost:81")],
            ),
            ("an origin of nothing", 403, "GET", "/api/x", &[host, key, ("origin", "null")]),
            ("our origin", 200, "GET", "/api/x", &[host, key, ("origin", "http://localhost:80")]),
            ("no key", 401, "GET", "/api/x", &[host]),
            ("no key, no route", 401, "GET", "/etc/passwd", &[host]),
            (
                "a wrong key",
                401,
                "GET",
                "/api/x",
                &[host, (KEY, "0123456789abcdef0123456789abcdee")],
            ),
            ("half a key", 401, "GET", "/api/x", &[host, (KEY, "0123456789abcdef")]),
            ("an empty key", 401, "GET", "/api/x", &[host, (KEY, "")]),
            ("two keys", 401, "GET", "/api/x", &[host, key, key]),
            (
                "the key in the address",
                401,
                "GET",
                "/api/x?key=0123456789abcdef0123456789abcdef",
                &[host],
            ),
            ("writing", 405, "POST", "/api/x", &[host, key]),
            ("asking what may be written", 405, "OPTIONS", "/api/x", &[host, key]),
            ("a body", 413, "GET", "/api/x", &[host, key, ("content-length", "5")]),
            (
                "a body in chunks",
                413,
                "GET",
                "/api/x",
                &[host, key, ("transfer-encoding", "chunked")],
            ),
        ];
        for (what, expected, method, path, headers) in table {
            assert_eq!(status(method, path, headers), *expected, "{what}");
        }
    }

    #[test]
    fn numbers_are_names_that_nobody_else_can_have() {
        let access = Access { by_number: true, ..access() };
        for host in ["192.168.0.5", "192.168.0.5:8000", "[fe80::1]:80", "10.0.0.1"] {
            assert!(access.allows(host), "{host}");
        }
        for host in ["evil.example", "1.2.3.4.evil.example", "1.2.3.4x:80", "[::1", ""] {
            assert!(!access.allows(host), "{host}");
        }
    }

    #[test]
    fn a_server_without_a_key_answers_nobody() {
        let access = Access { key: String::new(), ..access() };
        let request =
            Request::builder().uri("/api/x").header("host", "localhost:80").header(KEY, "");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert!(access.check(&parts, |_| false).is_err());
    }
}

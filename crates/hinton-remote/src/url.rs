//! Web addresses: parses, joins, and shows them without secrets.

use std::fmt;

/// An `http` or `https` address (RFC 3986), without a fragment. It carries no name and password.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Url {
    is_secure: bool,
    /// Host and, where one is given, port; small letters.
    authority: String,
    /// Begins with `/`; percent-encoded, without `.` and `..`.
    path: String,
    query: Option<String>,
}

impl Url {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, for people; nothing of a password in it is said.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("it has no scheme such as https://")?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            other => return Err(format!("its scheme is {other}://, and https:// is read")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, behind) = rest.split_at(end);
        if authority.contains('@') {
            return Err("it has a name and a password in it, which every list of processes shows"
                .to_owned());
        }
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        if authority.is_empty() || authority.starts_with(':') || !authority.bytes().all(is_host) {
            return Err("it has no host that can be asked".to_owned());
        }
        let (path, query) = match behind.split_once('?') {
            Some((path, query)) => (path, Some(encoded(query, b"%/?"))),
            None => (behind, None),
        };
        Ok(Url {
            is_secure,
            authority: authority.to_ascii_lowercase(),
            path: without_dots(&encoded(path, b"%/")),
            query,
        })
    }

    /// What a `Location` header that came from here means.
    ///
    /// # Errors
    /// Returns the errors of [`Url::parse`].
    pub(crate) fn join(&self, location: &str) -> Result<Self, String> {
        let scheme = if self.is_secure { "https" } else { "http" };
        if let Some(rest) = location.strip_prefix("//") {
            return Url::parse(&format!("{scheme}://{rest}"));
        }
        let before_query = location.split(['?', '#']).next().unwrap_or_default();
        let has_scheme = before_query.split('/').next().unwrap_or_default().contains(':');
        if has_scheme {
            return Url::parse(location);
        }
        let folder = match location.starts_with('/') {
            true => "",
            false => &self.path[..=self.path.rfind('/').unwrap_or(0)],
        };
        Url::parse(&format!("{scheme}://{}{folder}{location}", self.authority))
    }

    /// The file of that name below this folder; the name is encoded.
    pub(crate) fn below(&self, name: &str) -> Self {
        let path = format!("{}/{}", self.path.trim_end_matches('/'), encoded(name, b"/"));
        Url { path: without_dots(&path), query: None, ..self.clone() }
    }

    /// The address with more at the end of its path, which is encoded already.
    pub(crate) fn with_encoded(self, rest: &str) -> Self {
        Url { path: format!("{}{rest}", self.path), ..self }
    }

    /// With that query, which is encoded already; without one where there is none.
    pub(crate) fn with_query(self, query: Option<String>) -> Self {
        Url { query, ..self }
    }

    /// The folder that the file lies in, and the file's name, both without the query.
    pub(crate) fn split(&self) -> (Self, &str) {
        let (folder, name) = self.path.rsplit_once('/').unwrap_or(("", ""));
        (Url { path: folder.to_owned(), query: None, ..self.clone() }, name)
    }

    /// Whether it is asked for by TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Whether both are of the same scheme, host and port, to which the same secrets may go.
    pub(crate) fn has_origin_of(&self, other: &Url) -> bool {
        let port = |url: &Url| if url.is_secure { ":443" } else { ":80" };
        let plain =
            |url: &Url| url.authority.strip_suffix(port(url)).unwrap_or(&url.authority).to_owned();
        self.is_secure == other.is_secure && plain(self) == plain(other)
    }

    /// Whether it is on this machine, so that nobody else can listen.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = match self.authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => self.authority.split(':').next().unwrap_or_default(),
        };
        let is_ip = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        is_ip || host == "localhost"
    }

    /// The whole address, with its query. For requests; people see [`Url`]'s `Display`.
    pub(crate) fn whole(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        let query = self.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
        let path = if self.path.is_empty() { "/" } else { &self.path };
        format!("{scheme}://{}{path}{query}", self.authority)
    }
}

impl fmt::Display for Url {
    /// The address without its query, in which signatures stand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)?;
        f.write_str(if self.query.is_some() { "?…" } else { "" })
    }
}

/// Percent-encodes what may not stand in an address; letters, digits, marks and `kept` stay.
pub(crate) fn encoded(text: &str, kept: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric()
            || b"-._~!$&'()*+,;=:@".contains(&byte)
            || kept.contains(&byte)
        {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The path without `.` and `..` (RFC 3986, 5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_folder = false;
    for part in path.split('/').skip(usize::from(path.starts_with('/'))) {
        ends_in_folder = matches!(part, "." | "..");
        match part {
            "." => {}
            ".." => {
                kept.pop();
            }
            part => kept.push(part),
        }
    }
    if ends_in_folder {
        kept.push("");
    }
    let text = kept.join("/");
    if path.is_empty() { text } else { format!("/{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn addresses_are_read_and_shown_without_their_query() {
        let signed = url("HTTPS://Host:8443/a b/ü.gguf?X-Sig=se%2Fcret#part");
        assert_eq!(signed.whole(), "https://host:8443/a%20b/%C3%BC.gguf?X-Sig=se%2Fcret");
        assert_eq!(signed.to_string(), "https://host:8443/a%20b/%C3%BC.gguf?…");
        assert_eq!(url("http://h").whole(), "http://h/");
        assert_eq!(url("http://h/a/../../b/./c").whole(), "http://h/b/c");
        let (folder, name) = signed.split();
        assert_eq!((folder.whole().as_str(), name), ("https://host:8443/a%20b", "%C3%BC.gguf"));
        assert_eq!(folder.below("x/y%z 1").whole(), "https://host:8443/a%20b/x/y%25z%201");
        for (text, why) in [
            ("ftp://h/a", "ftp://"),
            ("https://user:secret@h/a", "password"),
            ("https:///a", "no host"),
            ("https://h\u{e4}/a", "no host"),
            ("a/b", "no scheme"),
        ] {
            let error = Url::parse(text).unwrap_err();
            assert!(error.contains(why) && !error.contains("secret"), "{text}: {error}");
        }
    }

    #[test]
    fn redirects_may_be_relative() {
        let from = url("https://h/a/b?x=1");
        for (location, target) in [
            ("https://other/c?d", "https://other/c?d"),
            ("//other/c", "https://other/c"),
            ("/c", "https://h/c"),
            ("c?y=a:b", "https://h/a/c?y=a:b"),
            ("../c", "https://h/c"),
        ] {
            assert_eq!(from.join(location).unwrap().whole(), target);
        }
        assert!(from.join("file:///etc/passwd").is_err());
        assert!(from.join("javascript:x").is_err());
    }

    #[test]
    fn origins_and_loopback() {
        assert!(url("https://h/a").has_origin_of(&url("https://H:443/b")));
        for other in ["http://h/a", "https://h:444/a", "https://h.evil/a"] {
            assert!(!url("https://h/a").has_origin_of(&url(other)), "{other}");
        }
        for text in ["http://localhost:1/a", "http://127.0.0.1:80/", "http://[::1]:8/a"] {
            assert!(url(text).is_loopback(), "{text}");
        }
        for text in ["http://127.0.0.1.evil.com/", "http://localhost.evil/", "http://10.0.0.1/"] {
            assert!(!url(text).is_loopback(), "{text}");
        }
    }
}

//! A plain web server: files by their addresses. It cannot list files, so whether one exists is
//! known only when it is requested.

use std::sync::Arc;

use hinton_format::source::Folder;
use hinton_format::source::file::Entry;
use hinton_format::{Error, ErrorKind};
use hinton_tensor::{Bytes, share_out};

use crate::client::Client;
use crate::fault::FaultKind;
use crate::file::RemoteFile;
use crate::opened::{Found, Opened, is_below};
use crate::url::Url;

/// The files that lie below an address.
pub(crate) struct WebFolder {
    client: Arc<Client>,
    base: Url,
    /// The file that was named: its name, and its address as it was given.
    named: (String, Url),
    opened: Opened,
}

impl WebFolder {
    /// The folder of a file.
    pub(crate) fn around(client: Arc<Client>, url: &Url) -> Self {
        let (base, name) = url.split();
        let plain = decoded(name).filter(|name| !name.contains('/') && is_below(name));
        let named = (plain.unwrap_or_else(|| name.to_owned()), url.clone());
        WebFolder { client, base, named, opened: Opened::default() }
    }

    /// The address of the folder, and the name of the file that was named.
    pub(crate) fn named(&self) -> (String, &str) {
        (self.base.to_string(), &self.named.0)
    }

    fn open(&self, name: &str) -> Found {
        let url = match &self.named {
            (own, url) if own == name => url.clone(),
            _ => self.base.below(name),
        };
        let shown = self.shown(name);
        match RemoteFile::open(&self.client, url, &shown) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(fault) if fault.kind == FaultKind::Missing => Ok(None),
            Err(fault) => Err(fault.into_error(&shown)),
        }
    }
}

/// A percent-encoded name as it is; `None` where it is no text.
fn decoded(name: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = name.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        let byte = match (*first, behind) {
            (b'%', [high, low, behind @ ..]) => {
                rest = behind;
                let digit = |byte: u8| char::from(byte).to_digit(16);
                u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?
            }
            (b'%', _) => return None,
            (byte, _) => byte,
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

impl Folder for WebFolder {
    fn file(&self, name: &str) -> Result<Option<Arc<dyn Bytes>>, Error> {
        if !is_below(name) {
            let message = format!("it names the file {name:?}, which is not in its folder");
            return Err(Error::new(ErrorKind::Refused, message));
        }
        self.opened.get(name, || self.open(name))
    }

    fn list(&self, _below: &str) -> Result<Vec<Entry>, Error> {
        // What a server has is known when it is asked for by name.
        Ok(Vec::new())
    }

    fn will_open(&self, names: &[&str]) {
        let most = self.client.settings.connections;
        // Whoever opens a file hears what is wrong with it.
        share_out(names.to_vec(), most, |name| drop(self.file(name)));
    }

    fn shown(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded_once() {
        assert_eq!(decoded("a%20b%C3%BC").as_deref(), Some("a b\u{fc}"));
        assert_eq!(decoded("a%2520").as_deref(), Some("a%20"));
        for wrong in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
    }
}

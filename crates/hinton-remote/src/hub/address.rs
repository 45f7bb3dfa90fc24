//! `hf://org/name@revision/file`.

use std::fmt;

/// What lies on the Hub.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Repository {
    /// Where it stands in addresses: empty for models, `datasets/`, `spaces/`.
    pub(crate) kind: &'static str,
    /// `org/name`.
    pub(crate) id: String,
    /// The revision as it was named.
    pub(crate) revision: Option<String>,
}

impl Repository {
    /// The revision that is asked for.
    pub(crate) fn wanted(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }

    /// Whether the revision is a commit, which never changes.
    pub(crate) fn is_commit(&self) -> bool {
        let is_hex = |byte: u8| byte.is_ascii_hexdigit();
        self.revision.as_ref().is_some_and(|text| text.len() == 40 && text.bytes().all(is_hex))
    }

    /// Its folder in the local cache: `models--org--name`.
    pub(crate) fn cache_folder(&self) -> String {
        let kind = if self.kind.is_empty() { "models/" } else { self.kind };
        format!("{kind}{}", self.id).replace('/', "--")
    }
}

impl fmt::Display for Repository {
    /// The address of the whole repository.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hf://{}{}", self.kind, self.id)?;
        match &self.revision {
            Some(revision) => write!(f, "@{}", revision.replace('/', "%2F")),
            None => Ok(()),
        }
    }
}

/// Takes an address apart: the repository, and the path of a file or folder in it.
///
/// # Errors
/// What is wrong with it, for people.
pub(crate) fn parse(address: &str) -> Result<(Repository, String), String> {
    let rest = address.strip_prefix("hf://").unwrap_or(address).trim_end_matches('/');
    let kinds = [("datasets/", "datasets/"), ("spaces/", "spaces/"), ("models/", "")];
    let (kind, rest) = kinds
        .into_iter()
        .find_map(|(start, kind)| Some((kind, rest.strip_prefix(start)?)))
        .unwrap_or(("", rest));
    let (org, rest) = rest.split_once('/').ok_or("it names no repository")?;
    // The revision may hold a slash: %2F, or that of refs/pr/1 and refs/convert/x.
    let end = match rest.split_once('@') {
        Some((name, revision)) if !name.contains('/') && revision.starts_with("refs/") => {
            let mut slashes = rest.match_indices('/').map(|(index, _)| index);
            slashes.nth(2).unwrap_or(rest.len())
        }
        _ => rest.find('/').unwrap_or(rest.len()),
    };
    let (name, path) = (&rest[..end], rest[end..].trim_start_matches('/'));
    let (name, revision) = match name.split_once('@') {
        Some((name, revision)) => (name, Some(revision.replace("%2F", "/").replace("%2f", "/"))),
        None => (name, None),
    };
    let is_mark = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_name =
        |text: &str| !text.is_empty() && text.bytes().all(is_mark) && !matches!(text, "." | "..");
    if !is_name(org) || !is_name(name) {
        return Err("it names no repository".to_owned());
    }
    if revision.as_ref().is_some_and(|text| text.is_empty() || !text.split('/').all(is_name)) {
        return Err("what follows the @ is not a revision".to_owned());
    }
    if !path.is_empty() && !crate::opened::is_below(path) {
        return Err(format!("{path:?} is not a path in a repository"));
    }
    Ok((Repository { kind, id: format!("{org}/{name}"), revision }, path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_repository_revision_and_path() {
        let of = |text: &str| {
            let (repository, path) = parse(text).unwrap();
            (repository.to_string(), repository.wanted().to_owned(), path)
        };
        let expect = |whole: &str, revision: &str, path: &str| {
            (whole.to_owned(), revision.to_owned(), path.to_owned())
        };
        assert_eq!(of("hf://a/b"), expect("hf://a/b", "main", ""));
        assert_eq!(of("hf://a/b/"), expect("hf://a/b", "main", ""));
        assert_eq!(of("hf://a/b@v1.0/x/y.gguf"), expect("hf://a/b@v1.0", "v1.0", "x/y.gguf"));
        assert_eq!(of("hf://a/b@x%2Fy/z"), expect("hf://a/b@x%2Fy", "x/y", "z"));
        assert_eq!(of("hf://a/b@refs/pr/1/z"), expect("hf://a/b@refs%2Fpr%2F1", "refs/pr/1", "z"));
        assert_eq!(of("hf://datasets/a/b/z"), expect("hf://datasets/a/b", "main", "z"));
        assert_eq!(of("hf://models/a/b/z"), expect("hf://a/b", "main", "z"));
        for wrong in ["hf://a", "hf://", "hf://a/b@", "hf://a/b/../c", "hf://a b/c", "hf://../b"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let (repository, _) = parse("hf://datasets/a/b").unwrap();
        assert_eq!(repository.cache_folder(), "datasets--a--b");
        assert_eq!(parse("hf://a/b").unwrap().0.cache_folder(), "models--a--b");
    }
}

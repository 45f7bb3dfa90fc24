//! A server that speaks as the Hugging Face Hub does: an API that lists a repository, addresses
//! that resolve to a storage, and a storage with signed addresses.

use std::collections::BTreeMap;

use super::server::{Reply, Seen, ranged};

/// The commit of every repository of the tests.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The files of a repository.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// How the Hub answers.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manner {
    /// The first answer has no sizes: the tree is asked, three files a page.
    pub(crate) lists_by_pages: bool,
    /// Files come from where they are asked for, without a storage.
    pub(crate) has_no_storage: bool,
}

/// Answers for the repository `org/name` as the Hub does.
pub(crate) fn answer(files: &Files, manner: Manner, seen: &Seen) -> Reply {
    let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
    // The one character of these names that an address writes otherwise.
    let path = &path.replace("%20", " ");
    if let Some(rest) = path.strip_prefix("/api/models/org/name") {
        return api(files, manner, rest, query);
    }
    if path.starts_with("/api/") {
        return coded(401, "RepoNotFound");
    }
    if let Some(rest) = path.strip_prefix("/org/name/resolve/") {
        let Some(name) = rest.strip_prefix(&format!("{COMMIT}/")) else {
            return coded(404, "RevisionNotFound");
        };
        let Some(file) = files.get(name) else { return coded(404, "EntryNotFound") };
        if manner.has_no_storage {
            return ranged(file, seen);
        }
        let address = name.replace(' ', "%20");
        return Reply::redirect(&format!("/storage/{address}?signature=secret{}", seen.before))
            .header("x-repo-commit", COMMIT)
            .header("x-linked-size", file.len().to_string());
    }
    match path.strip_prefix("/storage/").and_then(|name| files.get(name)) {
        Some(file) if query.starts_with("signature=secret") => ranged(file, seen),
        _ => Reply::status(404),
    }
}

fn api(files: &Files, manner: Manner, rest: &str, query: &str) -> Reply {
    if rest == "/refs" {
        return Reply::status(200)
            .body(r#"{"branches":[{"name":"main"},{"name":"fp16"}],"tags":[{"name":"v1.0"}]}"#);
    }
    if rest == "/revision/main" || rest == format!("/revision/{COMMIT}") {
        let entries: Vec<String> = files
            .iter()
            .map(|(name, file)| match manner.lists_by_pages {
                true => format!(r#"{{"rfilename":"{name}"}}"#),
                false => format!(r#"{{"rfilename":"{name}","size":{}}}"#, file.len()),
            })
            .collect();
        let text = format!(r#"{{"sha":"{COMMIT}","siblings":[{}]}}"#, entries.join(","));
        return Reply::status(200).header("content-type", "application/json").body(text);
    }
    if rest == format!("/tree/{COMMIT}") {
        let page: usize = query
            .split('&')
            .find_map(|part| part.strip_prefix("cursor="))
            .map_or(0, |page| page.parse().unwrap());
        let mine = files.iter().skip(page * 3).take(3);
        let entries: Vec<String> = mine
            .map(|(name, file)| {
                format!(r#"{{"type":"file","path":"{name}","size":{}}}"#, file.len())
            })
            .chain([r#"{"type":"directory","path":"folder"}"#.to_owned()])
            .collect();
        let reply = Reply::status(200).body(format!("[{}]", entries.join(",")));
        if (page + 1) * 3 >= files.len() {
            return reply;
        }
        let next = format!(
            "</api/models/org/name/tree/{COMMIT}?recursive=1&cursor={}>; rel=\"next\"",
            page + 1
        );
        return reply.header("link", next);
    }
    coded(404, "RevisionNotFound")
}

/// A refusal as the Hub words it.
pub(crate) fn coded(status: u16, code: &str) -> Reply {
    Reply::status(status)
        .header("x-error-code", code)
        .header("x-error-message", format!("{code} of the tests"))
}

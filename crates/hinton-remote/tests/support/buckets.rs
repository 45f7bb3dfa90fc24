//! Servers of buckets: lists in XML, objects by range.

use std::collections::BTreeMap;

use super::server::{Reply, Seen, ranged};

/// Objects by their keys.
pub(crate) type Objects = BTreeMap<String, Vec<u8>>;

/// What a server that speaks S3's protocol, or Google's XML, answers of the bucket `/models`.
pub(crate) fn answer(objects: &Objects, seen: &Seen) -> Reply {
    let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
    let Some(key) = path.strip_prefix("/models") else {
        return xml(
            404,
            "<Error><Code>NoSuchBucket</Code><Message>The bucket is not there</Message></Error>",
        );
    };
    let key = decoded(key.trim_start_matches('/'));
    if key.is_empty() {
        let prefix = query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap_or("");
        return xml(200, &list(objects, &decoded(prefix)));
    }
    match objects.get(&key) {
        Some(bytes) => ranged(bytes, seen),
        None => {
            xml(404, "<Error><Code>NoSuchKey</Code><Message>The key is not there</Message></Error>")
        }
    }
}

/// The list of a folder, as ListObjectsV2 gives it.
fn list(objects: &Objects, prefix: &str) -> String {
    let below =
        objects.iter().filter_map(|(key, bytes)| Some((key.strip_prefix(prefix)?, key, bytes)));
    let mut folders: Vec<&str> = Vec::new();
    let mut files = String::new();
    for (rest, key, bytes) in below {
        match rest.split_once('/') {
            Some((folder, _)) if !folders.contains(&folder) => folders.push(folder),
            Some(_) => {}
            None => files.push_str(&format!(
                "<Contents><Key>{key}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>\
                 <ETag>\"x\"</ETag><Size>{}</Size></Contents>",
                bytes.len()
            )),
        }
    }
    let folders: String = folders
        .iter()
        .map(|name| format!("<CommonPrefixes><Prefix>{prefix}{name}/</Prefix></CommonPrefixes>"))
        .collect();
    format!(
        "<ListBucketResult><Name>models</Name><IsTruncated>false</IsTruncated>{files}{folders}</ListBucketResult>"
    )
}

pub(crate) fn xml(status: u16, text: &str) -> Reply {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}");
    Reply::status(status).header("content-type", "application/xml").body(text)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes().iter();
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [*rest.next().unwrap(), *rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

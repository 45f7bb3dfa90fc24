//! `s3://bucket/key`, `gs://bucket/key`, `az://container/key`.

use std::fmt;

/// Whose buckets they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cloud {
    /// S3 of Amazon, and of all who speak its protocol.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Blobs of Microsoft Azure.
    Azure,
}

impl Cloud {
    /// The cloud of a scheme in small letters.
    pub(crate) fn of_scheme(scheme: &str) -> Option<Self> {
        match scheme {
            "s3" | "s3a" => Some(Cloud::S3),
            "gs" | "gcs" => Some(Cloud::Google),
            "az" | "azure" | "abfs" | "abfss" => Some(Cloud::Azure),
            _ => None,
        }
    }

    pub(crate) fn scheme(self) -> &'static str {
        match self {
            Cloud::S3 => "s3",
            Cloud::Google => "gs",
            Cloud::Azure => "az",
        }
    }
}

/// A bucket; a container at Azure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BucketName {
    pub(crate) cloud: Cloud,
    pub(crate) name: String,
    /// The account of an Azure container, where the address names it.
    pub(crate) account: Option<String>,
}

impl fmt::Display for BucketName {
    /// The address of the whole bucket.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BucketName { cloud, name, account } = self;
        match account {
            Some(account) => write!(f, "abfss://{name}@{account}.dfs.core.windows.net"),
            None => write!(f, "{}://{name}", cloud.scheme()),
        }
    }
}

/// The bucket of an address, and the key in it, without slashes at its ends; empty for the whole bucket.
///
/// # Errors
/// What is wrong with it, for people.
pub(crate) fn parse(cloud: Cloud, address: &str) -> Result<(BucketName, String), String> {
    let (_, rest) = address.split_once("://").unwrap_or(("", address));
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    // abfss://container@account.dfs.core.windows.net/key, as Spark and fsspec write it.
    let (name, account) = match bucket.split_once('@') {
        Some((name, host)) if cloud == Cloud::Azure => {
            let account = host.split('.').next().unwrap_or_default();
            (name, Some(account.to_owned()))
        }
        Some(_) => return Err("it has a name or a password in it".to_owned()),
        None => (bucket, None),
    };
    let is_name = |text: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        !text.is_empty() && text.bytes().all(is_letter)
    };
    if !is_name(name) || account.as_deref().is_some_and(|account| !is_name(account)) {
        return Err("it names no bucket".to_owned());
    }
    let key = key.trim_matches('/');
    if !key.is_empty() && !crate::opened::is_below(key) {
        return Err(format!(
            "{key:?} is not a key that can be requested: one of its parts is empty or a dot"
        ));
    }
    Ok((BucketName { cloud, name: name.to_owned(), account }, key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_bucket_and_a_key() {
        let parsed = |cloud, text| {
            let (bucket, key) = parse(cloud, text).unwrap();
            (bucket.to_string(), bucket.account, key)
        };
        assert_eq!(parsed(Cloud::S3, "s3://b/a/c.pt"), ("s3://b".into(), None, "a/c.pt".into()));
        assert_eq!(parsed(Cloud::Google, "gs://b.x/run/"), ("gs://b.x".into(), None, "run".into()));
        assert_eq!(parsed(Cloud::S3, "s3://b"), ("s3://b".into(), None, String::new()));
        let spark = "abfss://models@acc.dfs.core.windows.net/x";
        let bucket = "abfss://models@acc.dfs.core.windows.net".to_owned();
        assert_eq!(parsed(Cloud::Azure, spark), (bucket, Some("acc".into()), "x".into()));
        for wrong in ["s3:///a", "s3://k:s@b/a", "s3://b/a//c", "s3://b/../c", "s3://b ü/c"] {
            assert!(parse(Cloud::S3, wrong).is_err(), "{wrong}");
        }
    }
}

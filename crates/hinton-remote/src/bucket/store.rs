//! One bucket of `object_store`: the requests that it creates and signs, and lists.

use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use hinton_format::source::file::Entry;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, RetryConfig};

use super::address::{BucketName, Cloud};
use super::service::{Service, Slot};
use crate::client::{Client, Signed};
use crate::url::Url;

/// A way to make `object_store`'s builder heed a variable.
macro_rules! configured {
    ($builder:expr, $key:ty, $variables:expr) => {
        $variables.fold($builder, |builder, (name, value)| {
            match <$key>::from_str(&name.to_ascii_lowercase()) {
                Ok(key) => builder.with_config(key, value),
                Err(_) => builder,
            }
        })
    };
}

/// Where AWS says in which region a bucket is, to everyone who asks for it.
const S3_OF_THE_WORLD: &str = "https://s3.amazonaws.com";

pub(super) struct Store {
    store: Box<dyn ObjectStore>,
    pub(super) service: Service,
    /// Whether requests are signed.
    pub(super) has_key: bool,
}

/// The settings of the buckets of one cloud, by the names of its variables.
struct Variables<'v> {
    all: &'v [(String, String)],
    is_on_machine: bool,
}

impl Variables<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.all.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn has_any(&self, names: &[&str]) -> bool {
        self.is_on_machine || names.iter().any(|name| self.get(name).is_some())
    }

    fn of<'s>(&'s self, start: &'s str) -> impl Iterator<Item = (&'s str, &'s str)> {
        let own = self.all.iter().filter(move |(name, _)| name.starts_with(start));
        own.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Store {
    /// # Errors
    /// What is wrong with the settings, for people.
    pub(super) fn new(bucket: &BucketName, client: &Arc<Client>) -> Result<Self, String> {
        let all = &client.settings.buckets;
        let variables = Variables { all: &all.variables, is_on_machine: all.asks_machine };
        let service = Service::new(client.clone());
        match bucket.cloud {
            Cloud::S3 => amazon(bucket, &variables, client, service),
            Cloud::Google => google(bucket, &variables, service),
            Cloud::Azure => azure(bucket, &variables, service),
        }
    }

    /// The request for a range of a file.
    ///
    /// # Errors
    /// Why it cannot be signed, for people.
    pub(super) fn signed(&self, key: &str, range: &Range<u64>) -> Result<Signed, String> {
        let path = Path::parse(key).map_err(|error| said(&error))?;
        let slot = Slot::default();
        let mut options =
            GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        options.extensions.insert(slot.clone());
        // It ends before anything is sent for the file: the service takes the request away.
        let end = pollster::block_on(self.store.get_opts(&path, options));
        match (slot.take(), end) {
            (Some(request), _) => request,
            (None, Err(error)) => Err(said(&error)),
            (None, Ok(_)) => Err("the request was not made".to_owned()),
        }
    }

    /// What lies in a folder of it, sorted by name.
    pub(super) fn list(&self, folder: &str) -> object_store::Result<Vec<Entry>> {
        let path = if folder.is_empty() { None } else { Some(Path::parse(folder)?) };
        let found = pollster::block_on(self.store.list_with_delimiter(path.as_ref()))?;
        let folders = found.common_prefixes.iter().filter_map(|path| {
            Some(Entry { name: path.filename()?.to_owned(), is_dir: true, len: 0 })
        });
        let files = found.objects.iter().filter_map(|object| {
            // Consoles write an empty object for a folder that they make.
            let name = object.location.filename()?.to_owned();
            let is_marker = path.as_ref() == Some(&object.location);
            (!is_marker).then_some(Entry { name, is_dir: false, len: object.size })
        });
        let mut entries: Vec<Entry> = folders.chain(files).collect();
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }
}

/// Nothing is tried again by `object_store`: this crate does that.
fn once() -> RetryConfig {
    RetryConfig { max_retries: 0, ..RetryConfig::default() }
}

fn amazon(
    bucket: &BucketName,
    variables: &Variables<'_>,
    client: &Client,
    service: Service,
) -> Result<Store, String> {
    let keys = [
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    let has_key = variables.has_any(&keys);
    let mut builder = AmazonS3Builder::new().with_skip_signature(!has_key);
    builder = configured!(builder, AmazonS3ConfigKey, variables.of("AWS_"));
    let has_endpoint = variables.has_any_endpoint();
    // A bucket answers in its own region alone, which need not be the one that is set.
    if !has_endpoint && let Some(region) = region_of(bucket, client) {
        builder = builder.with_region(region);
    }
    let built = builder
        .with_bucket_name(&bucket.name)
        .with_http_connector(service.clone())
        .with_retry(once())
        .build()
        .map_err(|error| said(&error))?;
    Ok(Store { store: Box::new(built), service, has_key })
}

impl Variables<'_> {
    /// Whether S3 is asked elsewhere than at Amazon.
    fn has_any_endpoint(&self) -> bool {
        let names = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"];
        names.iter().any(|name| self.get(name).is_some())
    }
}

/// The region that a bucket of Amazon is in; `None` where it is not told.
fn region_of(bucket: &BucketName, client: &Client) -> Option<String> {
    let base = Url::parse(S3_OF_THE_WORLD).ok()?;
    let url = base.below(&bucket.name).with_query(Some("list-type=2&max-keys=0".to_owned()));
    client.header_of(&url, "x-amz-bucket-region")
}

fn google(
    bucket: &BucketName,
    variables: &Variables<'_>,
    service: Service,
) -> Result<Store, String> {
    let keys = [
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_SERVICE_ACCOUNT",
        "GOOGLE_SERVICE_ACCOUNT_PATH",
        "GOOGLE_SERVICE_ACCOUNT_KEY",
        "GOOGLE_BEARER_TOKEN",
    ];
    let has_key = variables.has_any(&keys);
    let mut builder = GoogleCloudStorageBuilder::new().with_skip_signature(!has_key);
    // Google's own libraries take an emulator's address by this name.
    if let Some(host) = variables.get("STORAGE_EMULATOR_HOST") {
        let url = if host.contains("://") { host.to_owned() } else { format!("http://{host}") };
        builder = builder.with_base_url(&url);
    }
    builder = configured!(builder, GoogleConfigKey, variables.of("GOOGLE_"));
    let built = builder
        .with_bucket_name(&bucket.name)
        .with_http_connector(service.clone())
        .with_retry(once())
        .build()
        .map_err(|error| said(&error))?;
    Ok(Store { store: Box::new(built), service, has_key })
}

fn azure(
    bucket: &BucketName,
    variables: &Variables<'_>,
    service: Service,
) -> Result<Store, String> {
    let keys = [
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_ACCESS_KEY",
        "AZURE_STORAGE_KEY",
        "AZURE_STORAGE_SAS_KEY",
        "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_STORAGE_TOKEN",
        "AZURE_STORAGE_CLIENT_SECRET",
        "AZURE_CLIENT_SECRET",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_USE_AZURE_CLI",
    ];
    let has_key = variables.has_any(&keys);
    let mut builder = MicrosoftAzureBuilder::new()
        .with_config(AzureConfigKey::SkipSignature, (!has_key).to_string());
    // Names of the program az for what object_store calls otherwise.
    let own = [
        ("AZURE_STORAGE_ACCOUNT", AzureConfigKey::AccountName),
        ("AZURE_STORAGE_KEY", AzureConfigKey::AccessKey),
    ];
    for (name, key) in own {
        if let Some(value) = variables.get(name) {
            builder = builder.with_config(key, value);
        }
    }
    builder = configured!(builder, AzureConfigKey, variables.of("AZURE_"));
    if let Some(account) = &bucket.account {
        builder = builder.with_account(account);
    }
    if builder.get_config_value(&AzureConfigKey::AccountName).is_none() {
        return Err("it is not said whose container it is: AZURE_STORAGE_ACCOUNT_NAME names the account, or \
                    abfss://container@account.dfs.core.windows.net/… does"
            .to_owned());
    }
    let built = builder
        .with_container_name(&bucket.name)
        .with_http_connector(service.clone())
        .with_retry(once())
        .build()
        .map_err(|error| said(&error))?;
    Ok(Store { store: Box::new(built), service, has_key })
}

/// An error of `object_store` for people, without what stands behind `?` in addresses: signatures.
pub(super) fn said(error: &dyn std::error::Error) -> String {
    const MOST: usize = 400;
    let mut text = String::new();
    let mut rest = error.to_string();
    rest.truncate(rest.char_indices().nth(MOST * 4).map_or(rest.len(), |(end, _)| end));
    for word in rest.split_whitespace() {
        let shown = match word.split_once('?') {
            Some((before, _)) if before.contains("://") => format!("{before}?…"),
            _ => word.to_owned(),
        };
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&shown);
    }
    text.chars().take(MOST).collect()
}

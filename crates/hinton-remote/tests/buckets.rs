//! Buckets: requests that are signed, folders that are listed, servers that misbehave, and what is said when
//! it goes wrong. The feature `cloud` alone has them.

use crate::support;

use std::sync::atomic::{AtomicUsize, Ordering};

use hinton_format::{Checkpoint, ErrorKind, Input, Limits};
use hinton_remote::{Remote, Settings};
use support::buckets::{Objects, answer, xml};
use support::server::{Reply, Seen, Server, ranged};
use support::{bytes, find, open, read, settings};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn objects() -> Objects {
    let sizes = [
        ("run/a b.bin", 300_000),
        ("run/deep/b.bin", 70_000),
        ("top.bin", 65_536),
        ("run/empty", 0),
    ];
    sizes.iter().map(|(name, size)| ((*name).to_owned(), bytes(*size))).collect()
}

fn server() -> Server {
    let objects = objects();
    Server::new(move |seen| answer(&objects, seen))
}

/// What reads buckets of that server with these variables.
fn remote(server: &Server, variables: &[(&str, &str)]) -> Remote {
    remote_with(server, variables, |_| {})
}

fn remote_with(
    server: &Server,
    variables: &[(&str, &str)],
    change: impl FnOnce(&mut Settings),
) -> Remote {
    let (mut settings, _) = settings();
    let url = server.url("");
    let places = [
        ("AWS_ENDPOINT_URL", &url),
        ("STORAGE_EMULATOR_HOST", &url),
        ("AZURE_STORAGE_ENDPOINT", &url),
    ];
    let places = places.iter().map(|(name, value)| ((*name).to_owned(), (*value).clone()));
    let own = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    settings.buckets.variables = places.chain(own).collect();
    change(&mut settings);
    Remote::new(settings)
}

const KEY: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", SECRET),
    ("AWS_SESSION_TOKEN", "session"),
];

fn header<'s>(seen: &'s Seen, name: &str) -> &'s str {
    seen.headers.get(name).map_or("", String::as_str)
}

#[test]
fn files_are_read_by_range_and_every_request_is_signed() {
    let server = server();
    let remote = remote(&server, &KEY);
    let data = open(&remote, "s3://models/run/a b.bin").unwrap();
    assert_eq!(read(&*data, 100_000).unwrap(), bytes(300_000));
    let seen = server.seen();
    assert!(seen.len() <= 4, "{} requests", seen.len());
    for one in &seen {
        assert_eq!((one.method.as_str(), one.path.as_str()), ("GET", "/models/run/a%20b.bin"));
        let authorization = header(one, "authorization");
        assert!(
            authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"),
            "{authorization}"
        );
        assert!(authorization.contains("/us-east-1/s3/aws4_request"), "{authorization}");
        // The signature is over the range, so that it is the one that was sent.
        assert!(authorization.contains("range"), "{authorization}");
        assert_eq!(header(one, "x-amz-security-token"), "session");
        assert!(header(one, "range").starts_with("bytes="));
        assert!(!one.headers.values().any(|value| value.contains(SECRET)));
    }
    assert_eq!(remote.traffic().bytes, 300_000);
    assert_eq!(remote.traffic().of, 300_000);
}

#[test]
fn without_credentials_a_bucket_is_read_as_everyone_reads_it() {
    let server = server();
    let remote = remote(&server, &[]);
    let data = open(&remote, "s3://models/top.bin").unwrap();
    assert_eq!(read(&*data, 65_536).unwrap(), bytes(65_536));
    assert!(server.seen().iter().all(|seen| header(seen, "authorization").is_empty()));
}

#[test]
fn folders_are_listed_once_and_files_in_them_are_not_asked_for_first() {
    let server = server();
    let remote = remote(&server, &KEY);
    let folder = find(&remote, "s3://models/run/").unwrap();
    assert!(folder.is_dir());
    let entries = folder.entries().unwrap();
    let shown: Vec<_> =
        entries.iter().map(|entry| (entry.name.as_str(), entry.is_dir, entry.len)).collect();
    assert_eq!(shown, [("a b.bin", false, 300_000), ("deep", true, 0), ("empty", false, 0)]);
    assert_eq!(folder.join("a b.bin").open().unwrap().len(), 300_000);
    assert!(folder.join("empty").open().err().unwrap().to_string().contains("0 bytes"));
    assert!(folder.join("c.bin").open().is_err());
    assert_eq!(server.seen().len(), 1, "{:?}", server.seen());
    let part = folder.join("a b.bin").open().unwrap();
    assert_eq!(read(&*part, 1 << 20).unwrap(), bytes(300_000));
    let root = find(&remote, "s3://models").unwrap();
    let names: Vec<String> = root.entries().unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["run", "top.bin"]);
}

#[test]
fn an_empty_object_for_a_folder_is_that_folder() {
    let mut objects = objects();
    objects.insert("run".to_owned(), Vec::new());
    let server = Server::new(move |seen| answer(&objects, seen));
    let folder = find(&remote(&server, &KEY), "s3://models/run").unwrap();
    assert!(folder.is_dir());
    assert_eq!(folder.join("a b.bin").open().unwrap().len(), 300_000);
}

#[test]
fn google_and_azure_have_their_own_credentials() {
    let server = server();
    let google = remote(&server, &[("GOOGLE_BEARER_TOKEN", "ya29.token")]);
    let data = open(&google, "gs://models/run/deep/b.bin").unwrap();
    assert_eq!(read(&*data, 70_000).unwrap(), bytes(70_000));
    let seen = server.seen();
    assert!(seen.iter().all(|seen| header(seen, "authorization") == "Bearer ya29.token"));
    server.forget();
    let azure =
        [("AZURE_STORAGE_ACCOUNT", "acc"), ("AZURE_STORAGE_SAS_TOKEN", "sv=2022&sig=c2VjcmV0")];
    let azure = remote(&server, &azure);
    let data = open(&azure, "az://models/top.bin").unwrap();
    assert_eq!(read(&*data, 65_536).unwrap(), bytes(65_536));
    assert!(server.seen().iter().all(|seen| seen.path.contains("sig=c2VjcmV0")));
    let error = open(&azure, "az://models/none.bin").err().unwrap().to_string();
    assert!(!error.contains("c2VjcmV0"), "{error}");
    // An account key signs each request by itself.
    server.forget();
    let shared = [("AZURE_STORAGE_ACCOUNT_NAME", "acc"), ("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0")];
    let data =
        open(&remote(&server, &shared), "abfss://models@acc.dfs.core.windows.net/top.bin").unwrap();
    assert_eq!(data.len(), 65_536);
    assert!(header(&server.seen()[0], "authorization").starts_with("SharedKey acc:"));
    let error = open(&remote(&server, &[]), "az://models/top.bin").err().unwrap().to_string();
    assert!(error.contains("AZURE_STORAGE_ACCOUNT_NAME"), "{error}");
}

#[test]
fn what_may_pass_is_tried_again_with_a_new_signature() {
    let objects = objects();
    let server = Server::new(move |seen| match seen.before {
        0 => xml(
            503,
            "<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>",
        ),
        1 if seen.headers.contains_key("range") => Reply { is_nothing: true, ..Reply::default() },
        _ => answer(&objects, seen),
    });
    let remote = remote(&server, &KEY);
    let folder = find(&remote, "s3://models/run/").unwrap();
    assert_eq!(folder.entries().unwrap().len(), 3);
    let data = folder.join("a b.bin").open().unwrap();
    assert_eq!(read(&*data, 300_000).unwrap(), bytes(300_000));
    let of_file = |seen: &&Seen| seen.path.contains("a%20b");
    assert!(
        server.seen().iter().filter(of_file).all(|seen| !header(seen, "authorization").is_empty())
    );
}

#[test]
fn a_changed_object_is_an_error() {
    let count = AtomicUsize::new(0);
    let server = Server::new(move |seen| {
        let mut file = bytes(300_000);
        file[0] ^= u8::from(count.fetch_add(1, Ordering::Relaxed) > 0);
        ranged(&file, seen)
    });
    let data = open(&remote(&server, &KEY), "s3://models/a.bin").unwrap();
    let error = read(&*data, 300_000).unwrap_err().to_string();
    assert!(error.contains("changed while it was read"), "{error}");
}

#[test]
fn signatures_never_follow_a_redirect_to_another_host() {
    let elsewhere = Server::new(|seen| ranged(&bytes(70_000), seen));
    let target = elsewhere.url("/stolen.bin");
    let server = Server::new(move |_| Reply::redirect(&target));
    let data = open(&remote(&server, &KEY), "s3://models/a.bin").unwrap();
    assert_eq!(data.len(), 70_000);
    let seen = elsewhere.seen();
    assert!(!seen.is_empty());
    for one in seen {
        let names: Vec<&String> =
            one.headers.keys().filter(|name| name.starts_with("x-amz")).collect();
        assert!(names.is_empty() && header(&one, "authorization").is_empty(), "{one:?}");
    }
}

#[test]
fn an_error_says_what_to_do_and_no_secret() {
    let denied =
        || xml(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>");
    let refusing = Server::new(move |_| denied());
    let working = server();
    type Case<'c> = (&'c Server, &'c [(&'c str, &'c str)], &'c str, &'c [&'c str]);
    let cases: [Case<'_>; 7] = [
        (
            &refusing,
            &[],
            "s3://models/a.bin",
            &["AccessDenied: Access Denied", "without credentials"],
        ),
        (&refusing, &KEY, "s3://models/a.bin", &["AccessDenied", "these credentials"]),
        (&refusing, &[], "s3://models", &["cannot be listed", "AWS_ACCESS_KEY_ID"]),
        (&refusing, &[], "gs://models/a.bin", &["gcloud auth application-default login"]),
        (&working, &KEY, "s3://models/run/a.bin", &["no file or folder", "\"a b.bin\""]),
        (&working, &KEY, "s3://other/a.bin", &["NoSuchBucket", "name of the bucket"]),
        (
            &working,
            &[("AWS_ACCESS_KEY_ID", "x")],
            "s3://models/top.bin",
            &["SecretAccessKey", "variables"],
        ),
    ];
    for (server, variables, address, expected) in cases {
        let error = open(&remote(server, variables), address).err().unwrap();
        let text = error.to_string() + error.cure_text().unwrap_or_default();
        for part in expected {
            assert!(text.contains(part), "{address}: {text}");
        }
        assert!(!text.contains(SECRET) && !text.contains("Credential="), "{text}");
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let server = server();
    let remote = remote(&server, &KEY);
    for wrong in [
        "s3://",
        "s3:///a",
        "s3://models/../other/a",
        "s3://user:secret@models/a",
        "s3://models/a//b",
    ] {
        let error = open(&remote, wrong).err().unwrap().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
    let folder = find(&remote, "s3://models/run").unwrap();
    let error = folder.join("../../other/x").open().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(server.seen().iter().filter(|seen| seen.path.contains("other")).count(), 0);
}

#[test]
fn a_limit_on_downloads_holds_for_buckets() {
    let server = server();
    let remote = remote_with(&server, &KEY, |settings| settings.max_download = Some(100_000));
    let data = open(&remote, "s3://models/run/a b.bin").unwrap();
    let error = read(&*data, 300_000).unwrap_err().to_string();
    assert!(error.contains("max-download"), "{error}");
}

#[test]
fn a_model_in_a_bucket_opens_as_one_on_disk() {
    let Some(shared) = hinton_testing::shared("data/safetensors") else { return };
    let file = std::fs::read_dir(shared).unwrap().map(|entry| entry.unwrap().path());
    let file =
        file.filter(|path| path.extension().is_some_and(|ext| ext == "safetensors")).min().unwrap();
    let mut objects = Objects::new();
    objects.insert("run/model.safetensors".to_owned(), std::fs::read(&file).unwrap());
    objects.insert("run/config.json".to_owned(), b"{}".to_vec());
    let server = Server::new(move |seen| answer(&objects, seen));
    let remote = remote(&server, &KEY);
    let near = hinton_format::open(&file, &Limits::default()).unwrap();
    let location = find(&remote, "s3://models/run/model.safetensors").unwrap();
    let input = Input::at(&location).unwrap();
    let far = hinton_format::open_input(&input, &Limits::default()).unwrap();
    let names = |of: &Checkpoint| {
        of.tensors.iter().map(|tensor| tensor.name().to_owned()).collect::<Vec<_>>()
    };
    assert!(!near.tensors.is_empty());
    assert_eq!(names(&far), names(&near));
}

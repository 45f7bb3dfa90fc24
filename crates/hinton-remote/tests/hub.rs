//! Repositories of the Hub: listed, pinned, read through its storage, and from the local cache.

use crate::support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hinton_format::source::{Folder, open_addresses_with};
use hinton_format::{ErrorKind, Limits};
use hinton_remote::{Remote, Settings};
use support::hub::{COMMIT, Files, Manner, answer, coded};
use support::server::{Reply, Seen, Server, ranged};
use support::{bytes, find, open, read, settings};

fn files() -> Files {
    let names = ["a.bin", "b.bin", "config.json", "empty.txt", "sub/c d.bin", "z.bin"];
    let sizes = [200_000, 10, 70, 0, 70_000, 65_536];
    names.iter().zip(sizes).map(|(name, size)| ((*name).to_owned(), bytes(size))).collect()
}

fn hub(manner: Manner) -> Server {
    let files = files();
    Server::new(move |seen| answer(&files, manner, seen))
}

fn remote(server: &Server, change: impl FnOnce(&mut Settings)) -> Remote {
    let (mut settings, _) = settings();
    settings.hub.endpoint = server.url("");
    change(&mut settings);
    Remote::new(settings)
}

fn paths(server: &Server) -> Vec<String> {
    server.seen().into_iter().map(|seen| seen.path).collect()
}

#[test]
fn a_repository_is_listed_once_and_read_through_its_storage() {
    for (manner, listing) in [
        (Manner::default(), 1),
        (Manner { lists_by_pages: true, ..Manner::default() }, 3),
        (Manner { has_no_storage: true, ..Manner::default() }, 1),
    ] {
        let server = hub(manner);
        let remote = remote(&server, |_| {});
        let root = find(&remote, "hf://org/name").unwrap();
        let names: Vec<(String, u64)> =
            root.list("").unwrap().into_iter().map(|entry| (entry.name, entry.len)).collect();
        let expected = [
            ("a.bin", 200_000),
            ("b.bin", 10),
            ("config.json", 70),
            ("empty.txt", 0),
            ("sub", 0),
            ("z.bin", 65_536),
        ];
        assert_eq!(names, expected.map(|(name, len)| (name.to_owned(), len)));
        assert_eq!(server.seen().len(), listing, "nothing but the list is asked for");
        for (name, file) in files().into_iter().filter(|(_, file)| !file.is_empty()) {
            let data = root.file(&name).unwrap().unwrap();
            assert!(read(&*data, 50_000).unwrap() == file, "{name}");
        }
        assert!(root.file("none").unwrap().is_none());
        assert_eq!(root.file("../x").err().unwrap().kind(), ErrorKind::Refused);
        let resolved = paths(&server).iter().filter(|path| path.contains("/resolve/")).count();
        let pinned = format!("/org/name/resolve/{COMMIT}/");
        assert!(
            paths(&server)
                .iter()
                .all(|path| !path.contains("resolve") || path.starts_with(&pinned))
        );
        if !manner.has_no_storage {
            assert_eq!(resolved, 5, "each file is resolved once: {:?}", paths(&server));
        }
        // The same repository again is asked for no more.
        server.forget();
        let again = open(&remote, "hf://org/name/sub/c d.bin").unwrap();
        assert!(read(&*again, 1000).unwrap() == files()["sub/c d.bin"]);
        assert_eq!(server.seen().len(), 0);
    }
}

#[test]
fn an_address_of_the_storage_that_expired_is_asked_for_anew() {
    let file = bytes(400_000);
    let server = Server::new(move |seen| {
        let files: Files = [("a.bin".to_owned(), file.clone())].into();
        // Each signature is good for two requests.
        match seen.path.starts_with("/storage/") && seen.before >= 2 {
            true => Reply::status(403).body("<?xml?><Code>AccessDenied</Code>"),
            false => answer(&files, Manner::default(), seen),
        }
    });
    let remote = remote(&server, |_| {});
    let data = open(&remote, "hf://org/name/a.bin").unwrap();
    // Backwards, so that nothing is fetched ahead.
    for block in (0..6).rev() {
        let mut buf = [0; 10];
        data.read_at(block * 65_536, &mut buf).unwrap();
        assert_eq!(buf, bytes(400_000)[block as usize * 65_536..][..10]);
    }
    let resolved = paths(&server).iter().filter(|path| path.contains("/resolve/")).count();
    assert_eq!(resolved, 3);
}

#[test]
fn the_token_goes_to_the_hub_alone() {
    let file = bytes(100);
    let elsewhere_file = file.clone();
    let elsewhere = Server::new(move |seen| ranged(&elsewhere_file, seen));
    let target = elsewhere.url("/stored?sig=1");
    let server = Server::new(move |seen| {
        let files: Files = [("a.bin".to_owned(), file.clone())].into();
        match seen.path.contains("/resolve/") {
            true => Reply::redirect(&target),
            false => answer(&files, Manner::default(), seen),
        }
    });
    let remote = remote(&server, |settings| settings.hub.token = Some("hf_secret".to_owned()));
    let data = open(&remote, "hf://org/name/a.bin").unwrap();
    assert!(read(&*data, 100).unwrap() == bytes(100));
    let bearer = |seen: &Seen| seen.headers.get("authorization").cloned();
    assert!(server.seen().iter().all(|seen| bearer(seen).as_deref() == Some("Bearer hf_secret")));
    assert_eq!(elsewhere.seen().len(), 1);
    assert_eq!(bearer(&elsewhere.seen()[0]), None);
    // Nor to any server that is only named.
    read(&*open(&remote, &elsewhere.url("/a.bin")).unwrap(), 9).unwrap();
    assert!(elsewhere.seen().iter().all(|seen| bearer(seen).is_none()));
}

#[test]
fn what_is_missing_or_may_not_be_read_is_said_by_name() {
    let server = hub(Manner::default());
    let remote = remote(&server, |_| {});
    let error = |address: &str| {
        let error = open(&remote, address).err().unwrap();
        format!("{error}; {}", error.cure_text().unwrap_or_default())
    };
    let of_file = error("hf://org/name/a.bim");
    assert!(of_file.starts_with("hf://org/name/a.bim: there is no such file"), "{of_file}");
    assert!(of_file.contains("\"a.bin\""), "{of_file}");
    let of_revision = error("hf://org/name@v1.1/a.bin");
    assert!(
        of_revision.contains("there is no revision \"v1.1\"; there is \"v1.0\""),
        "{of_revision}"
    );
    let of_repository = error("hf://org/nome/a.bin");
    assert!(
        of_repository.contains("there is no such repository, or it is private"),
        "{of_repository}"
    );
    assert!(of_repository.contains("HF_TOKEN"), "{of_repository}");
    let of_address = error("hf://org");
    assert!(of_address.contains("hf://org/name@revision/file"), "{of_address}");
    let of_scheme = error("ftp://host/key");
    assert!(of_scheme.contains("ftp:// are not opened; https://, hf://, s3://"), "{of_scheme}");
    let of_folder = error(&server.url("/folder/"));
    assert!(of_folder.contains("no list"), "{of_folder}");
    let of_password = error("https://me:secret@host/a?token=secret");
    assert!(
        of_password.contains("https://host/a: ") && !of_password.contains("secret"),
        "{of_password}"
    );
}

#[test]
fn gated_repositories_name_the_page() {
    let server = Server::new(|seen| match seen.path.contains("/api/") {
        true if seen.path.contains("listed") => Reply::status(200)
            .body(format!(r#"{{"sha":"{COMMIT}","siblings":[{{"rfilename":"a.bin","size":9}}]}}"#)),
        _ => coded(403, "GatedRepo"),
    });
    let gated = remote(&server, |_| {});
    let error = open(&gated, "hf://org/name/a.bin").err().unwrap();
    let page = server.url("/org/name");
    assert!(error.to_string().contains("gated"), "{error}");
    assert!(error.cure_text().unwrap().contains(&format!("accept them at {page}")));
    assert!(error.cure_text().unwrap().contains("HF_TOKEN"));
    let known = remote(&server, |settings| settings.hub.token = Some("hf_x".to_owned()));
    let error = open(&known, "hf://org/name/a.bin").err().unwrap();
    assert_eq!(error.cure_text(), Some(&*format!("accept its conditions at {page}")));
    // The list of a gated repository is public.
    let listed = open(&gated, "hf://org/listed/a.bin").unwrap();
    let error = read(&*listed, 9).unwrap_err().to_string();
    assert!(error.contains("gated") && error.contains(&server.url("/org/listed")), "{error}");
    assert!(!error.contains("hf_x"));
}

#[test]
fn odd_answers_of_the_api_are_errors() {
    for (body, why) in [
        ("not json", "not JSON"),
        ("{}", "names no commit"),
        ("{\"sha\":\"../../x\"}", "names no commit"),
        ("[1]", "names no commit"),
    ] {
        let server = Server::new(move |_| Reply::status(200).body(body));
        let error = find(&remote(&server, |_| {}), "hf://org/name").err().unwrap();
        assert!(error.to_string().contains(why), "{error}");
    }
    // A list whose pages go elsewhere, or in a circle.
    for (next, why) in
        [("https://evil.example/", "another server"), ("?recursive=1", "too many pages")]
    {
        let server = Server::new(move |seen| match seen.path.contains("/tree/") {
            true => Reply::status(200)
                .header("link", format!("<{next}>; rel=\"next\""))
                .body(r#"[{"type":"file","path":"a","size":1}]"#),
            false => Reply::status(200).body(format!(r#"{{"sha":"{COMMIT}"}}"#)),
        });
        let error = find(&remote(&server, |_| {}), "hf://org/name").err().unwrap();
        assert!(error.to_string().contains(why), "{error}");
    }
}

/// A local cache as `huggingface_hub` leaves it, with one file of the commit.
fn cache(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("hinton-hub-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let repository = folder.join("models--org--name");
    let snapshot = repository.join("snapshots").join(COMMIT);
    std::fs::create_dir_all(&snapshot).unwrap();
    std::fs::create_dir_all(repository.join("refs")).unwrap();
    std::fs::write(repository.join("refs/main"), COMMIT).unwrap();
    std::fs::write(snapshot.join("a.bin"), bytes(200_000)).unwrap();
    folder
}

fn listing(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(next) = todo.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn the_local_cache_is_read_first_and_never_written() {
    let folder = cache("first");
    let before = listing(&folder);
    let server = hub(Manner::default());
    let with_cache = |settings: &mut Settings| settings.hub.cache = Some(folder.clone());
    let online = remote(&server, with_cache);
    let data = open(&online, "hf://org/name/a.bin").unwrap();
    assert!(read(&*data, 200_000).unwrap() == bytes(200_000));
    assert_eq!(server.seen().len(), 1, "the list alone says which commit it is");
    let other = open(&online, "hf://org/name/z.bin").unwrap();
    assert!(read(&*other, 200_000).unwrap() == bytes(65_536));
    // A commit never changes.
    server.forget();
    let pinned = open(&remote(&server, with_cache), &format!("hf://org/name@{COMMIT}/a.bin"));
    assert_eq!(pinned.unwrap().len(), 200_000);
    assert_eq!(server.seen().len(), 0);

    let offline = remote(&server, |settings| {
        with_cache(settings);
        settings.hub.is_offline = true;
    });
    assert_eq!(open(&offline, "hf://org/name/a.bin").unwrap().len(), 200_000);
    let error = find(&offline, "hf://org/name/z.bin").err().unwrap();
    assert!(error.to_string().contains("the local cache has no \"z.bin\""), "{error}");
    assert!(error.cure_text().unwrap().contains("HF_HUB_OFFLINE"));
    assert!(find(&offline, "hf://org/other").is_err());
    assert_eq!(server.seen().len(), 0);

    // Nobody answers: what is here is read, and said to be.
    let (mut settings, _) = settings();
    settings.hub.endpoint = "http://127.0.0.1:1".to_owned();
    with_cache(&mut settings);
    let alone = Remote::new(settings);
    assert_eq!(open(&alone, "hf://org/name/a.bin").unwrap().len(), 200_000);
    assert!(alone.take_notes()[0].contains("the local cache is read"));
    assert!(find(&alone, "hf://org/other").is_err());
    assert_eq!(listing(&folder), before);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_sharded_model_opens_with_few_requests() {
    let model = "data/safetensors/crafted_sharded_mlp";
    let Some(model) = hinton_testing::shared(model) else { return };
    let mut files = Files::new();
    for entry in std::fs::read_dir(&model).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        files.insert(name, std::fs::read(&path).unwrap());
    }
    let shards = files.keys().filter(|name| name.ends_with(".safetensors")).count();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let server = Server::new(move |seen| {
        counted.fetch_add(1, Ordering::Relaxed);
        answer(&files, Manner { has_no_storage: true, ..Manner::default() }, seen)
    });
    let remote = Arc::new(remote(&server, |_| {}));
    assert!(open_addresses_with(remote.clone()));
    let far = hinton_format::open(Path::new("hf://org/name"), &Limits::default()).unwrap();
    let near = hinton_format::open(&model, &Limits::default()).unwrap();
    let names = |file: &hinton_format::Checkpoint| {
        file.tensors
            .iter()
            .map(|one| format!("{} {:?}", one.name(), one.shape()))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&far), names(&near));
    assert!(count.load(Ordering::Relaxed) <= shards + 3, "{:?}", paths(&server));
}

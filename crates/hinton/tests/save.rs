//! Files are written whole or not at all.

use crate::common;

use std::fs;

use common::Folder;
use hinton::outputs::{make_folder, write_bytes};

/// A link that leads to nothing yet stays a link: the file it names is made.
#[test]
#[cfg(unix)]
fn links_to_nothing_stay_links() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("in")).unwrap();
    std::os::unix::fs::symlink("in/second", folder.path("first")).unwrap();
    std::os::unix::fs::symlink("third", folder.path("in/second")).unwrap();
    hinton::outputs::write_bytes(&folder.path("first"), b"x").unwrap();
    for link in ["first", "in/second"] {
        assert!(std::fs::symlink_metadata(folder.path(link)).unwrap().is_symlink(), "{link}");
    }
    assert_eq!(std::fs::read(folder.path("in/third")).unwrap(), b"x");
    // A circle is no file.
    std::os::unix::fs::symlink("circle", folder.path("circle")).unwrap();
    let _ = hinton::outputs::write_bytes(&folder.path("circle"), b"x");
}

#[test]
fn files_are_replaced_and_nothing_is_left_behind() {
    let folder = Folder::new();
    let path = folder.path("a.png");
    write_bytes(&path, b"one").unwrap();
    write_bytes(&path, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(folder.names(), ["a.png"]);
}

#[test]
fn a_failure_leaves_what_was_there() {
    let folder = Folder::new();
    let path = folder.path("old.npy");
    fs::write(&path, b"old").unwrap();
    // Its bytes are claimed and not there: reading fails after the header is written.
    let bytes = std::sync::Arc::new(Broken);
    let view = hinton_tensor::View::packed(&[4]);
    let (dtype, endian) = (hinton::Dtype::F32, hinton::tensors::Endian::Little);
    let tensor = hinton::Tensor::new("w", "memory", dtype, endian, view, 0, bytes).unwrap();
    let error = hinton::export([tensor], &path).unwrap_err();
    assert!(error.to_string().contains("the disk is on fire"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(folder.names(), ["old.npy"]);
}

/// What replaces a private file is private while it is written.
#[test]
#[cfg(unix)]
fn a_private_file_is_never_public() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let path = folder.path("secret.png");
    fs::write(&path, b"old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    hinton::outputs::write_by(&path, |temporary| {
        let mode = fs::metadata(temporary).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(temporary, b"new").map_err(|_| unreachable!())
    })
    .unwrap_or_else(|error: hinton::Error| panic!("{error}"));
    assert_eq!(fs::read(&path).unwrap(), b"new");
}

#[test]
fn a_webp_that_is_cut_is_told_from_a_whole_one() {
    let folder = Folder::new();
    let path = folder.path("film.webp");
    for (bytes, whole) in [
        (&b"RIFF\x06\0\0\0WEBPxx"[..], true),
        (b"RIFF\x07\0\0\0WEBPxx", false),
        (b"RIFF\x06\0\0\0WEBPx", false),
        (b"RIFX\x06\0\0\0WEBPxx", false),
        (b"RIFF", false),
    ] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(hinton::films::is_whole_webp(&path), whole, "{bytes:?}");
    }
    assert!(!hinton::films::is_whole_webp(&folder.path("none.webp")));
}

/// Bytes that cannot be read.
struct Broken;

impl hinton_tensor::Bytes for Broken {
    fn len(&self) -> u64 {
        16
    }

    fn slice(&self, _range: std::ops::Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), hinton_tensor::ReadError> {
        let why = "the disk is on fire".to_owned();
        Err(hinton_tensor::ReadError::system(offset, buf.len() as u64, why))
    }
}

#[test]
fn targets_that_cannot_be_written_say_why() {
    let folder = Folder::new();
    let text = |path: &std::path::Path| write_bytes(path, b"x").unwrap_err().to_string();
    assert!(text(&folder.path("no/such/a.png")).ends_with("there is no such folder"));
    let inside = folder.path("folder");
    make_folder(&inside).unwrap();
    assert!(text(&inside).ends_with("it is a folder"));
    let locked = folder.path("locked.png");
    fs::write(&locked, b"old").unwrap();
    let mut permissions = fs::metadata(&locked).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&locked, permissions).unwrap();
    assert!(text(&locked).ends_with("it may only be read"));
    assert_eq!(fs::read(&locked).unwrap(), b"old");
    let error = make_folder(&locked).unwrap_err();
    assert!(error.to_string().ends_with("there is a file of that name"), "{error}");
}

#[test]
#[cfg(unix)]
fn links_stay_links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new();
    let (real, link) = (folder.path("real.png"), folder.path("link.png"));
    fs::write(&real, b"old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&real, &link).unwrap();
    write_bytes(&link, b"new").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&real).unwrap(), b"new");
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
    write_bytes(std::path::Path::new("/dev/null"), b"x").unwrap();
}

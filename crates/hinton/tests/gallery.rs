//! The gallery is whole, and the same every time.

use crate::common;

use std::fs;

use common::Folder;

#[test]
fn the_gallery_shows_what_it_writes() {
    let folder = Folder::new();
    let files = hinton::demo::gallery(&folder.path("g")).unwrap();
    let page = fs::read_to_string(folder.path("g/index.html")).unwrap();
    for file in &files {
        let path = folder.path("g").join(file);
        assert!(fs::metadata(&path).unwrap().len() > 0, "{}", file.display());
        let name = file.to_str().unwrap();
        let is_picture = ["png", "svg", "pdf", "gif"].iter().any(|e| name.ends_with(e));
        assert!(!is_picture || page.contains(&format!("\"{name}\"")), "{name} is not on the page");
    }
    for extension in ["png", "svg", "pdf"] {
        assert!(files.iter().any(|file| file.extension().is_some_and(|e| e == extension)));
    }
    // Twice into one folder, to end as once into another.
    hinton::demo::gallery(&folder.path("h")).unwrap();
    let again = hinton::demo::gallery(&folder.path("h")).unwrap();
    assert_eq!(files, again);
    for file in &files {
        let read = |side: &str| fs::read(folder.path(side).join(file)).unwrap();
        assert!(read("g") == read("h"), "{} differs", file.display());
    }
}

#[test]
fn every_chart_is_drawn() {
    let folder = Folder::new();
    hinton::demo::gallery(&folder.path("g")).unwrap();
    let page = fs::read_to_string(folder.path("g/index.html")).unwrap();
    for chart in [
        "overview",
        "classes",
        "learn",
        "run",
        "space",
        "spirals",
        "hinton",
        "annotated",
        "kernels",
        "histogram",
        "profile",
        "spectrum",
    ] {
        assert!(page.contains(&format!("id=\"{chart}\"")), "{chart}");
    }
    assert!(page.contains("prefers-color-scheme: dark"));
    assert!(!page.contains("http"), "the page links nothing outside");
}

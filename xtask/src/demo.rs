//! `cargo xtask demo`: the README's first command, and whether it wrote what it says.

use std::path::Path;

use crate::{Failure, shell};

pub(crate) fn run(_arguments: &[String]) -> Result<(), Failure> {
    let binary = shell::binary()?;
    let folder = shell::target_dir()?.join("demo-check");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let said = shell::output(shell::program(&binary.to_string_lossy()).arg("demo").arg(&folder))?;
    let files = shell::files_under(&folder)?;
    for file in &files {
        if std::fs::metadata(file)?.len() == 0 {
            return Err(format!("hinton demo wrote an empty file: {}", file.display()).into());
        }
    }
    let page = shell::read(&folder.join("index.html"))?;
    if !linked(&page).any(|name| name == "viewer.html") {
        return Err("index.html does not link the viewer with an example open".into());
    }
    let missing: Vec<&str> = linked(&page).filter(|name| !folder.join(name).exists()).collect();
    if !missing.is_empty() {
        return Err(format!("index.html shows what is not there: {}", missing.join(", ")).into());
    }
    for extension in ["png", "svg", "pdf", "gif", "safetensors"] {
        if !files.iter().any(|file| has_extension(file, extension)) {
            return Err(format!("hinton demo wrote no .{extension}").into());
        }
    }
    if said.trim().is_empty() {
        return Err("hinton demo did not say what it wrote".into());
    }
    println!("hinton demo: {} files, none empty, each one linked is there", files.len());
    Ok(())
}

fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|found| found == extension)
}

/// The files beside the page that it shows or links.
fn linked(page: &str) -> impl Iterator<Item = &str> {
    ["src=\"", "href=\"", "data=\""].into_iter().flat_map(|before| {
        let values = page.split(before).skip(1).filter_map(|rest| rest.split('"').next());
        values.filter(|value| !value.is_empty() && !value.starts_with('#') && !value.contains(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_the_page_are_found_and_addresses_are_not() {
        let page =
            r##"<img src="a.png"><a href="b/c.pdf">x</a><a href="https://e.org/"><a href="#top">"##;
        assert_eq!(linked(page).collect::<Vec<_>>(), ["a.png", "b/c.pdf"]);
    }
}

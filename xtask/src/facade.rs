//! Every type in a public signature can be named through `hinton`: whoever gets a value may want to
//! keep it in a struct of their own, or pass it to a function of their own.
//!
//! Rust itself doesn't check this (`unnameable_types` sees one crate at a time, and rustdoc's JSON is
//! for nightly only), but rustdoc says it in the pages that it writes. A type that `hinton` re-exports
//! has a page there, and signatures link to that page. A link from a signature of `hinton` to a page of
//! another crate of the workspace is a type without a name for users.

use std::collections::BTreeMap;
use std::path::Path;

use crate::{Failure, shell};

/// The crate that users name everything through.
const FACADE: &str = "hinton";
/// There are more pages than this, and more signatures: else they were not found.
const FEWEST_PAGES: usize = 200;
const FEWEST_SIGNATURES: usize = 2000;
/// Pages that are listed for a type; the others are counted.
const MOST_LISTED: usize = 3;

/// The libraries of the workspace, as pages name them: with underscores.
pub(crate) fn libraries() -> Result<Vec<String>, Failure> {
    let metadata = shell::metadata(false)?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata: no packages")?;
    let names = packages.iter().filter_map(|package| package["name"].as_str());
    Ok(names.map(|name| name.replace('-', "_")).collect())
}

/// Makes room for pages that are written anew: rustdoc links to the crates whose folders exist when it
/// begins, and leaves the names of others without a link.
pub(crate) fn prepare(doc: &Path, libraries: &[String]) -> Result<(), Failure> {
    for library in libraries {
        std::fs::create_dir_all(doc.join(library))?;
    }
    std::fs::remove_dir_all(doc.join(FACADE))?;
    Ok(())
}

/// Reads the pages of the facade and names every type that has no name there.
pub(crate) fn check(doc: &Path, libraries: &[String]) -> Result<(), Failure> {
    let mut seen = Seen::default();
    for path in shell::files_under(&doc.join(FACADE))? {
        if path.extension().is_some_and(|extension| extension == "html") {
            let page = path.strip_prefix(doc).unwrap_or(&path);
            let page = page.to_string_lossy().replace('\\', "/");
            seen.look_at(&page, &shell::read(&path)?, libraries);
        }
    }
    seen.verdict()
}

/// What was found in the pages.
#[derive(Default)]
struct Seen {
    pages: usize,
    signatures: usize,
    /// Links to other crates outside of signatures, where they are allowed: without any, rustdoc did not
    /// write such links, and finding none in signatures says nothing.
    allowed: usize,
    /// For each type without a name, the page and the signature that have it.
    nameless: BTreeMap<String, Vec<(String, String)>>,
    /// Crates and modules that are re-exported without pages of their own, which hides their signatures.
    hidden: Vec<String>,
}

impl Seen {
    fn look_at(&mut self, page: &str, html: &str, libraries: &[String]) {
        self.pages += 1;
        if html.contains("id=\"reexport.") {
            self.hidden.push(item_of(page));
        }
        // Who else implements a trait is no part of its signature.
        let lists = ["id=\"foreign-impls\"", "id=\"implementors\""];
        let end = lists.iter().filter_map(|list| html.find(list)).min().unwrap_or(html.len());
        let (own, others) = html.split_at(end);
        self.allowed += strangers(others, libraries).len();
        for signature in signatures(own) {
            self.signatures += 1;
            for stranger in strangers(signature, libraries) {
                let place = (item_of(page), text_of(signature));
                let places = self.nameless.entry(stranger).or_default();
                if places.last().is_none_or(|last| last.0 != place.0) {
                    places.push(place);
                }
            }
        }
    }

    fn verdict(&self) -> Result<(), Failure> {
        let Seen { pages, signatures, allowed, .. } = self;
        if *pages < FEWEST_PAGES || *signatures < FEWEST_SIGNATURES || *allowed == 0 {
            return Err(format!(
                "{FACADE}: {pages} pages with {signatures} signatures and {allowed} links to other crates \
                 were found, which is too few: rustdoc writes its pages otherwise than \
                 xtask/src/facade.rs reads them"
            )
            .into());
        }
        if self.nameless.is_empty() && self.hidden.is_empty() {
            println!("{FACADE}: every type of {signatures} signatures on {pages} pages has a name");
            return Ok(());
        }
        Err(self.report().into())
    }

    fn report(&self) -> String {
        let mut text = String::from("users meet what they can't name through hinton:\n");
        for (name, places) in &self.nameless {
            text.push_str(&format!("  {name}\n"));
            for (item, signature) in places.iter().take(MOST_LISTED) {
                text.push_str(&format!("    in {item}: {signature}\n"));
            }
            if places.len() > MOST_LISTED {
                text.push_str(&format!("    and {} more\n", places.len() - MOST_LISTED));
            }
        }
        for page in &self.hidden {
            text.push_str(&format!("  {page} re-exports a whole crate, which has no page there\n"));
        }
        text.push_str(
            "re-export the type in the module of crates/hinton/src that has the signature, or, if it is \
             not for users, take it out of the signature: a function of the inner crate, or `pub(crate)`",
        );
        text
    }
}

/// The item that a page is about: `hinton/look/struct.Options.html` is `hinton::look::Options`.
fn item_of(page: &str) -> String {
    let page = page.trim_end_matches(".html").trim_end_matches("/index");
    let (modules, name) = page.rsplit_once('/').unwrap_or(("", page));
    let name = name.rsplit('.').next().unwrap_or(name);
    if modules.is_empty() { name.into() } else { format!("{}::{name}", modules.replace('/', "::")) }
}

/// The declarations on a page: of the item itself, of its fields and variants, of its methods and of the
/// traits that it implements.
fn signatures(html: &str) -> Vec<&str> {
    let mut found = between(html, "<pre class=\"rust item-decl\">", "</pre>");
    for tag in ["h3", "h4"] {
        let (start, end) = (format!("<{tag} class=\"code-header\">"), format!("</{tag}>"));
        found.extend(between(html, &start, &end));
    }
    found
}

fn between<'a>(html: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    let parts = html.split(start).skip(1);
    parts.map(|part| part.split_once(end).map_or(part, |(inside, _)| inside)).collect()
}

/// What is linked to in other crates of the workspace: `hinton_tensor::reduce::Mark`.
fn strangers(html: &str, libraries: &[String]) -> Vec<String> {
    let titles = between(html, " title=\"", "\"").into_iter();
    let paths = titles.filter_map(|title| title.split_once(' ').map(|(_, path)| path));
    let of = |path: &str| path.split("::").next().unwrap_or_default().to_owned();
    paths
        .filter(|path| of(path) != FACADE && libraries.contains(&of(path)))
        .map(ToOwned::to_owned)
        .collect()
}

/// The beginning of a signature without its tags, in one line.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        let part = part.split_once('>').map_or(part, |(_, after)| after);
        text.push_str(part);
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "hinton/tiles/struct.Grid.html";

    /// As rustdoc writes it: a struct, and a method that returns one type with a name and one without.
    fn page(mark: &str) -> String {
        format!(
            "<pre class=\"rust item-decl\"><code>pub struct Grid {{\n    pub fold: <a class=\"enum\" \
             href=\"enum.Fold.html\" title=\"enum hinton::tiles::Fold\">Fold</a>,\n}}</code></pre>\
             <a href=\"../hinton_tensor/index.html\" title=\"mod hinton_tensor\">free to link</a>\
             <section id=\"method.marks\"><h4 class=\"code-header\">pub fn \
             <a href=\"#method.marks\" class=\"fn\">marks</a>(&amp;self) -&gt; {mark}</h4></section>\
             <h2 id=\"implementors\"></h2><h3 class=\"code-header\">impl X for <a class=\"struct\" \
             href=\"../hinton_tensor/struct.Y.html\" title=\"struct hinton_tensor::Y\">Y</a></h3>"
        )
    }

    fn seen(page_html: &str) -> Seen {
        let mut seen = Seen::default();
        seen.look_at(PAGE, page_html, &["hinton".into(), "hinton_tensor".into()]);
        seen
    }

    #[test]
    fn a_type_of_another_crate_in_a_signature_is_found() {
        let planted = page(
            "<a class=\"enum\" href=\"../../hinton_tensor/reduce/enum.Mark.html\" \
             title=\"enum hinton_tensor::reduce::Mark\">Mark</a>",
        );
        let seen = seen(&planted);
        assert_eq!((seen.pages, seen.signatures, seen.allowed), (1, 2, 1));
        let names: Vec<&String> = seen.nameless.keys().collect();
        assert_eq!(names, ["hinton_tensor::reduce::Mark"]);
        let report = seen.report();
        let place = "in hinton::tiles::Grid: pub fn marks(&self) -> Mark\n";
        assert!(report.contains(place), "{report}");
    }

    #[test]
    fn types_of_the_facade_and_of_others_and_implementors_are_not() {
        let core = "<a title=\"enum core::option::Option\">Option</a>";
        let near = "<a title=\"struct hinton::View\">View</a>";
        for mark in [core, near, "u8"] {
            assert!(seen(&page(mark)).nameless.is_empty(), "{mark}");
        }
    }

    #[test]
    fn a_crate_that_is_re_exported_whole_is_found() {
        let html = "<dt id=\"reexport.diff\"><code>pub use hinton_diff as diff;</code></dt>";
        assert_eq!(seen(html).hidden, ["hinton::tiles::Grid"]);
    }

    #[test]
    fn too_few_pages_are_no_proof() {
        let told = seen(&page("u8")).verdict().unwrap_err().to_string();
        assert!(told.contains("1 pages with 2 signatures"), "{told}");
    }

    #[test]
    fn pages_are_named_after_their_items() {
        assert_eq!(item_of("hinton/index.html"), "hinton");
        assert_eq!(item_of("hinton/fn.draw.html"), "hinton::draw");
        assert_eq!(item_of(PAGE), "hinton::tiles::Grid");
    }
}

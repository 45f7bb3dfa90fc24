//! The page on which changed golden files are looked at: before, after, and the difference.

use std::fmt::Write as _;

use hinton_testing::Pixels;

/// A golden file before and after; `None` where there is none.
pub(super) struct Change<'a> {
    /// Its path as seen from the root.
    pub(super) name: String,
    pub(super) before: Option<&'a [u8]>,
    pub(super) after: Option<&'a [u8]>,
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Golden files that changed</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 24px; color: #1f2933; background: #fff }
h1 { font-size: 20px }
h2 { font: 600 14px ui-monospace, monospace; margin: 0 }
section { border-top: 1px solid #d5dae0; padding: 16px 0 }
p { margin: 4px 0 12px }
.three { display: flex; flex-wrap: wrap; gap: 16px }
figure { margin: 0; max-width: 100% }
figcaption { color: #52606d }
img { display: block; max-width: 100%; border: 1px solid #d5dae0; image-rendering: pixelated;
  background: repeating-conic-gradient(#fff 0 25%, #eef1f4 0 50%) 0 0 / 16px 16px }
pre { margin: 0; overflow-x: auto; font: 12px/1.4 ui-monospace, monospace }
del { background: #ffe3e0; text-decoration: none; display: block }
ins { background: #dcf5e3; text-decoration: none; display: block }
</style>
";

/// The whole page, which asks for nothing from elsewhere.
pub(super) fn page(changes: &[Change<'_>]) -> String {
    let mut page = String::from(HEAD);
    let count = changes.len();
    let files = if count == 1 { "file" } else { "files" };
    let _ = writeln!(page, "<h1>{count} golden {files} changed</h1>");
    page.push_str(
        "<p>In a difference, pixels that changed are red, those that only one picture has are blue.</p>\n",
    );
    for change in changes {
        page.push_str(&section(change));
    }
    page
}

fn section(change: &Change<'_>) -> String {
    let mut out = format!("<section>\n<h2>{}</h2>\n", escaped(&change.name));
    match change.name.rsplit('.').next() {
        Some("png") => pictures(change, &mut out),
        Some("svg") => {
            let _ = writeln!(out, "<p>{}</p>", what(change));
            figures(change, "image/svg+xml", None, &mut out);
        }
        _ => lines(change, &mut out),
    }
    out.push_str("</section>\n");
    out
}

/// Both pictures and the difference, under a line that says how much differs.
fn pictures(change: &Change<'_>, out: &mut String) {
    let pixels = |bytes: Option<&[u8]>| Pixels::of_png(bytes?).ok();
    let (before, after) = (pixels(change.before), pixels(change.after));
    let both = before.as_ref().zip(after.as_ref());
    let difference = both.and_then(|(before, after)| before.difference(after));
    let told = difference.map_or_else(|| what(change).to_owned(), |it| it.to_string());
    let _ = writeln!(out, "<p>{}</p>", escaped(&told));
    let marked = both.map(|(before, after)| before.marked(after).to_png());
    figures(change, "image/png", marked.as_deref(), out);
}

fn what(change: &Change<'_>) -> &'static str {
    match (change.before, change.after) {
        (None, _) => "new",
        (_, None) => "gone",
        _ => "other bytes",
    }
}

fn figures(change: &Change<'_>, kind: &str, difference: Option<&[u8]>, out: &mut String) {
    out.push_str("<div class=\"three\">\n");
    let three = [("before", change.before), ("after", change.after), ("difference", difference)];
    for (caption, bytes) in three.iter().filter_map(|(caption, bytes)| Some((caption, (*bytes)?))) {
        let data = base64(bytes);
        let _ = writeln!(
            out,
            "<figure><figcaption>{caption}</figcaption><img alt=\"{caption}\" src=\"data:{kind};base64,{data}\"></figure>"
        );
    }
    out.push_str("</div>\n");
}

/// The lines of a text that only one of the two has.
fn lines(change: &Change<'_>, out: &mut String) {
    let text =
        |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let (before, after) = (text(change.before), text(change.after));
    let only = |of: &str, other: &str, tag: &str| -> String {
        let lines = of.lines().filter(|line| !other.lines().any(|it| it == *line));
        lines.map(|line| format!("<{tag}>{}</{tag}>", escaped(line))).collect()
    };
    let (gone, new) = (only(&before, &after, "del"), only(&after, &before, "ins"));
    let _ = writeln!(out, "<p>{}</p>\n<pre>{gone}{new}</pre>", what(change));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// RFC 4648, with its padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|at| u32::from(three.get(at).copied().unwrap_or(0)));
        let bits = a << 16 | b << 8 | c;
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = char::from(DIGITS[(bits >> shift & 63) as usize]);
            text.push(if at <= three.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let pairs =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (bytes, text) in pairs {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[255, 254, 253]), "//79");
    }

    #[test]
    fn a_page_shows_pictures_before_after_and_the_difference_and_the_lines_of_texts() {
        let png = |rgba: Vec<[u8; 4]>| Pixels { width: 2, height: 1, rgba }.to_png();
        let (white, other) = (png(vec![[255; 4]; 2]), png(vec![[255; 4], [0, 0, 0, 255]]));
        let marked = png(vec![[255; 4], [255, 0, 0, 255]]);
        let change = |name: &str, before, after| Change { name: name.to_owned(), before, after };
        let page = page(&[
            change("a.png", Some(&white[..]), Some(&other[..])),
            change("new.png", None, Some(&white[..])),
            change("hashes.txt", Some(b"one\ntwo <\n"), Some(b"one\nthree\n")),
        ]);
        assert!(page.contains("<h1>3 golden files changed</h1>"));
        assert!(page.contains("1 of 2 pixels differ"));
        for picture in [&white, &other, &marked] {
            assert!(page.contains(&format!("src=\"data:image/png;base64,{}\"", base64(picture))));
        }
        assert_eq!(page.matches("<img").count(), 4, "a new picture has no other and no difference");
        assert!(page.contains("<pre><del>two &lt;</del><ins>three</ins></pre>"));
        assert!(!page.contains("http"), "nothing is asked from elsewhere");
    }
}

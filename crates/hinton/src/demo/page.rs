//! The gallery's page: one file, relative links, no script.

use std::collections::BTreeMap;

use super::Beside;
use super::exhibits::Exhibit;

const STYLE: &str = "
:root { --page: #fff; --ink: #1a1f26; --soft: #5b6470; --line: #dfe3e8; --code: #f4f6f8 }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171c; --ink: #f1f3f5; --soft: #a3adb8; --line: #2c333b; --code: #1d2229 }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink);
       font: 16px/1.5 system-ui, -apple-system, \"Segoe UI\", sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 3rem 1.5rem 6rem }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem }
h2 { font-size: 1.2rem; margin: 0 }
p { margin: .25rem 0 1rem; color: var(--soft); max-width: 44rem }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 1.5rem 0 0 }
a { color: inherit }
section { border-top: 1px solid var(--line); margin-top: 3rem; padding-top: 2rem }
img { display: block; max-width: 100%; height: auto; margin: 0 auto }
pre { background: var(--code); border-radius: 6px; padding: .75rem 1rem; margin: 1rem 0 .5rem;
      white-space: pre-wrap; font: 13px/1.5 ui-monospace, Menlo, monospace }
pre span { white-space: pre }
.files { font-size: .85rem; color: var(--soft) }
";

/// The page that shows the exhibits.
///
/// `widths` are those of the light pictures in CSS pixels, so that all are shown at one scale.
pub(super) fn html(exhibits: &[Exhibit], widths: &BTreeMap<&str, u32>, pages: &[Beside]) -> String {
    let mut page =
        String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n");
    page.push_str("<title>hinton: a gallery</title>\n");
    page.push_str(&format!("<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"));
    page.push_str("<h1>What hinton shows</h1>\n");
    page.push_str(
        "<p>Small networks, trained while this page was made, drawn in every way. The weights and runs \
         lie in this folder, so each command works as it stands here. Data and licence: \
         <a href=\"README.md\">README.md</a>.</p>\n<nav>\n",
    );
    for exhibit in exhibits {
        page.push_str(&format!("<a href=\"#{}\">{}</a>\n", exhibit.name, escaped(exhibit.title)));
    }
    page.push_str("</nav>\n");
    for Beside { file, title, text, command } in pages {
        page.push_str(&format!(
            "<section>\n<h2><a href=\"{file}\">{}</a></h2>\n<p>{}</p>\n<pre>{}</pre>\n</section>\n",
            escaped(title),
            escaped(text),
            escaped(command),
        ));
    }
    for exhibit in exhibits {
        page.push_str(&section(exhibit, widths.get(exhibit.name).copied()));
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn section(exhibit: &Exhibit, width: Option<u32>) -> String {
    let width = width.map_or(String::new(), |width| format!(" width=\"{width}\""));
    let main = exhibit.main_extension();
    let light = exhibit.picture(false, main);
    let title = escaped(exhibit.title);
    let dark = match exhibit.has_dark() {
        true => format!(
            "<source srcset=\"{}\" media=\"(prefers-color-scheme: dark)\">",
            exhibit.picture(true, main)
        ),
        false => String::new(),
    };
    // A line breaks between options, not inside one.
    let words =
        exhibit.command().into_iter().map(|word| format!("<span>{}</span>", escaped(&word)));
    let before = exhibit.before().map_or(String::new(), |before| format!("{}\n", escaped(&before)));
    let command = before + &words.collect::<Vec<_>>().join(" ");
    let mut files: Vec<String> =
        exhibit.extensions(false).map(|e| exhibit.picture(false, e)).collect();
    if exhibit.has_dark() {
        files.push(exhibit.picture(true, main));
    }
    files.extend(exhibit.page());
    let links: Vec<String> =
        files.iter().map(|file| format!("<a href=\"{file}\">{file}</a>")).collect();
    format!(
        "<section id=\"{}\">\n<h2>{title}</h2>\n<p>{}</p>\n<picture>{dark}<img src=\"{light}\" \
         alt=\"{title}\"{width} loading=\"lazy\"></picture>\n<pre>{}</pre>\n<div class=\"files\">{}</div>\n\
         </section>\n",
        exhibit.name,
        escaped(exhibit.text),
        command,
        links.join(" · "),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

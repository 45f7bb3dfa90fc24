//! What holds for every output, and what each file must be for its readers.

use crate::common;

use std::collections::BTreeSet;
use std::io::Read as _;

use hinton_render::{Graphics, OUTPUTS, RenderError, RenderOptions};
use hinton_scene::{Color, Group, Item, MarkShape, Marks, Scene};

fn write(scene: &Scene, output: &str) -> Vec<u8> {
    let row = OUTPUTS.iter().find(|row| row.name == output).unwrap();
    (row.write)(scene, &RenderOptions::default()).unwrap()
}

fn scene(name: &str) -> Scene {
    common::scenes().into_iter().find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn the_table_is_whole() {
    let mut seen = BTreeSet::new();
    for row in OUTPUTS {
        assert!(seen.insert(row.name), "{} is there twice", row.name);
        for extension in row.extensions {
            assert!(extension.chars().all(|c| c.is_ascii_lowercase()), "{extension}");
            assert!(*extension == row.name || seen.insert(extension), "{extension} is there twice");
        }
        assert!(!row.about.is_empty() && row.about.len() < 70 && !row.about.ends_with('.'));
        assert!(row.help.len() > 150 && row.help.ends_with('.'), "{}", row.name);
        assert!(!row.help.contains("  "), "{}", row.name);
        assert!(row.mime.contains('/'));
    }
    for name in ["png", "svg", "pdf", "terminal"] {
        assert!(seen.contains(name), "{name}");
    }
}

#[test]
fn every_output_refuses_pages_that_are_none() {
    for size in [f64::NAN, f64::INFINITY, 0.0, -3.0, 1e9] {
        for row in OUTPUTS {
            let mut scene = scene("shapes");
            scene.width = size;
            let error = (row.write)(&scene, &RenderOptions::default()).unwrap_err();
            let named =
                matches!(error, RenderError::TooLarge { .. } | RenderError::PageTooLarge { .. });
            assert!(named, "{} {size} {error}", row.name);
        }
    }
}

#[test]
fn odd_options_do_no_harm() {
    let scene = scene("texts");
    for dpi in [f64::NAN, 0.0, -1.0, 1e9] {
        let mut options = RenderOptions::default();
        options.dpi = dpi;
        for row in OUTPUTS {
            let result = (row.write)(&scene, &options);
            assert!(result.is_ok() || row.name == "png", "{} {dpi}", row.name);
        }
    }
    for (columns, rows, cell) in [
        (0, 0, (0, 0)),
        (1, 1, (1, 1)),
        (usize::MAX, usize::MAX, (u32::MAX, 1)),
        (3, 900, (1, u32::MAX)),
    ] {
        for graphics in [
            Graphics::Kitty,
            Graphics::Iterm2,
            Graphics::Sixel,
            Graphics::TrueColor,
            Graphics::Colors256,
            Graphics::Ascii,
        ] {
            let mut options = RenderOptions::default();
            options.terminal.graphics = graphics;
            options.terminal.columns = columns;
            options.terminal.rows = rows;
            options.terminal.cell_pixels = cell;
            let row = OUTPUTS.iter().find(|row| row.name == "terminal").unwrap();
            // An error is fine, a panic is not.
            let _ = (row.write)(&scene, &options);
        }
    }
}

/// Checks that a text is well-formed XML of the kind written here: tags nest, attributes are
/// quoted, nothing forbidden is in it. Returns the names of the elements.
fn elements(text: &str) -> Vec<String> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(allowed), "a character that XML forbids");
    let (mut open, mut all) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        for entity in before.split('&').skip(1) {
            let known = ["lt;", "gt;", "amp;", "quot;"].iter().any(|name| entity.starts_with(name));
            assert!(known, "&{entity}");
        }
        let end = tag.find('>').expect("a tag ends");
        let inside = &tag[1..end];
        rest = &tag[end + 1..];
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        assert_eq!(inside.matches('"').count() % 2, 0, "{inside}");
        assert!(!inside.contains(['<', '&']), "{inside}");
        let closed = inside.ends_with('/');
        let name = inside.split([' ', '/']).next().unwrap().to_owned();
        all.push(name.clone());
        if !closed {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} stay open");
    assert_eq!(rest, "\n");
    all
}

#[test]
fn svg_is_well_formed_whatever_the_names() {
    for (name, scene) in common::scenes() {
        let text = String::from_utf8(write(&scene, "svg")).unwrap();
        let elements = elements(&text);
        assert_eq!(elements[..3], ["svg", "title", "desc"], "{name}");
        assert!(!elements.iter().any(|element| element == "script"), "{name}");
    }
}

#[test]
fn svg_writes_many_cells_as_one_picture() {
    let count = |name: &str, element: &str| {
        let text = String::from_utf8(write(&scene(name), "svg")).unwrap();
        elements(&text).iter().filter(|known| *known == element).count()
    };
    assert_eq!((count("many_cells", "image"), count("many_cells", "path")), (1, 0));
    assert!(count("cells", "path") > 5);
}

/// A page of squares in two colours, as a Hinton diagram has them.
fn squares(rows: usize, side: f64) -> Scene {
    let share = side / rows as f64;
    let mut both = [Vec::new(), Vec::new()];
    for at in 0..rows * rows {
        let (row, col) = ((at / rows) as f64, (at % rows) as f64);
        let size = share * (0.2 + 0.7 * ((at * 7919) % 97) as f64 / 97.0);
        both[at % 2].push([col * share, row * share, size, size].map(|number| number as f32));
    }
    let colors = [Color::WHITE, Color::BLACK];
    let marks = both
        .into_iter()
        .zip(colors)
        .map(|(places, fill)| Item::Marks(Marks { fill, shape: MarkShape::Rect, places }));
    let group = Group { items: marks.collect(), ..Group::default() };
    let (title, description) = (String::new(), String::new());
    let background = Some(Color::rgb(0x808080));
    Scene {
        width: side,
        height: side,
        background,
        title,
        description,
        items: vec![Item::Group(group)],
    }
}

#[test]
fn more_than_a_million_marks_are_one_picture() {
    for (rows, side, pictures) in [(60, 300.0, 0), (1050, 2000.0, 1)] {
        let scene = squares(rows, side);
        let svg = write(&scene, "svg");
        let found = elements(std::str::from_utf8(&svg).unwrap());
        let count = |element: &str| found.iter().filter(|known| *known == element).count();
        assert_eq!((count("image"), count("path")), (pictures, 2 - 2 * pictures), "{rows}");
        let pdf = write(&scene, "pdf");
        let images = objects(&pdf).iter().filter(|(_, object)| contains(object, "/Image")).count();
        // Its colours and its opacity.
        assert_eq!(images, 2 * pictures, "{rows}");
        assert!(svg.len() < 40_000_000 && pdf.len() < 40_000_000, "{} {}", svg.len(), pdf.len());
    }
}

/// The objects of a PDF, found through its table: number and bytes.
fn objects(pdf: &[u8]) -> Vec<(usize, &[u8])> {
    let find = |what: &[u8]| pdf.windows(what.len()).rposition(|window| window == what).unwrap();
    let number = |from: usize| -> usize {
        let digits = pdf[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        std::str::from_utf8(&pdf[from..from + digits]).unwrap().parse().unwrap()
    };
    let table = number(find(b"startxref") + 10);
    assert_eq!(&pdf[table..table + 7], b"xref\n0 ");
    let count = number(table + 7);
    let first = table + 7 + count.to_string().len() + 1;
    let objects = (1..count).map(|at| {
        let start = number(first + at * 20);
        assert_eq!(number(start), at, "the table points at object {at}");
        let body = &pdf[start..];
        let end = body.windows(6).position(|window| window == b"endobj").unwrap();
        (at, &body[..end])
    });
    objects.collect()
}

/// The unpacked stream of an object.
fn stream(object: &[u8]) -> Vec<u8> {
    let find = |what: &[u8]| object.windows(what.len()).position(|window| window == what).unwrap();
    let data = &object[find(b"stream\n") + 7..];
    let mut bytes = Vec::new();
    flate2::read::ZlibDecoder::new(data).read_to_end(&mut bytes).unwrap();
    bytes
}

fn contains(bytes: &[u8], what: &str) -> bool {
    bytes.windows(what.len()).any(|window| window == what.as_bytes())
}

#[test]
fn pdf_has_a_true_table_and_one_page() {
    for (name, scene) in common::scenes() {
        let pdf = write(&scene, "pdf");
        assert!(pdf.starts_with(b"%PDF-1.7"), "{name}");
        let objects = objects(&pdf);
        let pages = objects.iter().filter(|(_, object)| contains(object, "/Type /Page\n"));
        let pages =
            pages.count() + objects.iter().filter(|(_, o)| contains(o, "/Type/Page/")).count();
        assert_eq!(pages, 1, "{name}");
        assert!(!contains(&pdf, "CreationDate"), "{name}");
        // The title and the description, in the fifth object, have nothing hidden in them.
        assert!(!objects[4].1.contains(&0x1b) && !contains(objects[4].1, "001B"), "{name}");
        // Every opening of a state is closed.
        let content = String::from_utf8(stream(objects[3].1)).unwrap();
        let words = |word: &str| content.split_whitespace().filter(|known| *known == word).count();
        assert_eq!(words("q"), words("Q"), "{name}");
        assert_eq!(words("BT"), words("ET"), "{name}");
        assert_eq!(words("BDC"), words("EMC"), "{name}");
    }
}

#[test]
fn pdf_embeds_the_fonts_it_names() {
    let pdf = write(&scene("texts"), "pdf");
    let objects = objects(&pdf);
    let fonts: Vec<_> =
        objects.iter().filter(|(_, object)| contains(object, "FontFile2")).collect();
    assert_eq!(fonts.len(), 2);
    let files = objects.iter().filter(|(_, object)| contains(object, "/Length1"));
    for (_, file) in files {
        assert!(stream(file).starts_with(&[0, 1, 0, 0]), "a TrueType file");
    }
    let maps = objects.iter().filter(|(_, object)| contains(object, "stream"));
    let maps =
        maps.map(|(_, object)| stream(object)).filter(|bytes| contains(bytes, "beginbfchar"));
    // The minus sign can be searched for.
    assert_eq!(maps.filter(|map| contains(map, "<2212>")).count(), 1);
}

#[test]
fn pdf_writes_many_cells_as_one_picture() {
    let count = |name: &str| {
        let pdf = write(&scene(name), "pdf");
        objects(&pdf).iter().filter(|(_, object)| contains(object, "/Image")).count()
    };
    assert_eq!((count("many_cells"), count("cells")), (1, 0));
}

fn terminal(scene: &Scene, graphics: Graphics) -> String {
    let mut options = RenderOptions::default();
    options.terminal.graphics = graphics;
    let row = OUTPUTS.iter().find(|row| row.name == "terminal").unwrap();
    String::from_utf8((row.write)(scene, &options).unwrap()).unwrap()
}

#[test]
fn letters_have_no_escape_codes_and_fit() {
    for (name, scene) in common::scenes() {
        let text = terminal(&scene, Graphics::Ascii);
        assert!(text.chars().all(|c| c == '\n' || (' '..='~').contains(&c)), "{name}");
        assert!(text.lines().all(|line| line.len() <= 80), "{name}");
        assert!(text.lines().count() <= 60, "{name}");
    }
    assert!(terminal(&scene("texts"), Graphics::Ascii).contains("fc1.weight"));
}

#[test]
fn coloured_lines_hold_only_colours_and_are_reset() {
    for graphics in [Graphics::TrueColor, Graphics::Colors256] {
        for (name, scene) in common::scenes() {
            let text = terminal(&scene, graphics);
            for line in text.lines() {
                assert!(line.ends_with("\x1b[0m"), "{name}");
                let mut width = 0;
                for (at, part) in line.split('\x1b').enumerate() {
                    let shown = if at == 0 {
                        part
                    } else {
                        let code = part.strip_prefix('[').unwrap();
                        let (numbers, shown) = code.split_once('m').unwrap();
                        assert!(numbers.chars().all(|c| c.is_ascii_digit() || c == ';'), "{name}");
                        shown
                    };
                    assert!(!shown.chars().any(char::is_control), "{name}");
                    width += shown.chars().count();
                }
                assert!(width <= 80, "{name}");
            }
        }
    }
}

#[test]
fn graphics_are_framed_as_their_protocols_say() {
    let scene = scene("cells");
    let kitty = terminal(&scene, Graphics::Kitty);
    let commands: Vec<&str> = kitty.trim_end().split_terminator("\x1b\\").collect();
    for (at, command) in commands.iter().enumerate() {
        let (keys, data) = command.strip_prefix("\x1b_G").unwrap().split_once(';').unwrap();
        let more = if at + 1 < commands.len() { "m=1" } else { "m=0" };
        assert!(keys.ends_with(more) && data.len() <= 4096 && data.len() % 4 == 0);
        assert_eq!(keys.starts_with("a=T,f=100,q=2,c="), at == 0);
    }
    let iterm2 = terminal(&scene, Graphics::Iterm2);
    assert!(iterm2.starts_with("\x1b]1337;File=inline=1;") && iterm2.ends_with("\x07\n"));
    assert!(iterm2.contains(":iVBORw0KGgo"), "a PNG");
    let sixel = terminal(&scene, Graphics::Sixel);
    assert!(sixel.starts_with("\x1bP0;1q\"1;1;") && sixel.ends_with("\x1b\\\n"));
}

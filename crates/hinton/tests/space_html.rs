//! The space page read back: what a browser would get from the file, and what it would not.

use hinton::look::{Color, ThemeName};
use hinton::space::html::{
    Axes, Legend, Morph, PageRegions, PointPictures, SpaceFrame, SpacePage, html,
};
use hinton::space::{Guide, GuideKind};
use serde_json::Value;

/// A page taken apart as the program in it does.
struct Read {
    text: String,
    words: Value,
    lines: Vec<[u32; 2]>,
    /// For each frame, for each point.
    points: Vec<Vec<Vec<f32>>>,
    colors: Vec<[u8; 3]>,
    pixels: Vec<u8>,
}

impl Read {
    fn of(page: &SpacePage) -> Read {
        let text = String::from_utf8(html(page)).expect("the page is UTF-8");
        let words: Value = serde_json::from_str(element(&text, "id=\"page\">")).expect("JSON");
        let bytes = from_base64(element(&text, "id=\"data\">"));
        let count = words["count"].as_u64().unwrap() as usize;
        let mut rest = &bytes[..];
        let mut take = |length: usize| {
            let (taken, after) = rest.split_at(length);
            rest = after;
            taken
        };
        let lines = take(words["lines"].as_u64().unwrap() as usize * 8)
            .chunks(8)
            .map(|edge| [word(&edge[..4]), word(&edge[4..])])
            .collect();
        let mut points = Vec::new();
        for frame in words["frames"].as_array().unwrap() {
            let axes = if frame["dims"].as_u64().unwrap() > 2 { 3 } else { 2 };
            let axes: Vec<Vec<f32>> = (0..axes)
                .map(|_| take(count * 4).chunks(4).map(|v| f32::from_bits(word(v))).collect())
                .collect();
            let point = |at: usize| axes.iter().map(|values| values[at]).collect();
            points.push((0..count).map(point).collect());
        }
        let colors = take(count * 3).chunks(3).map(|c| [c[0], c[1], c[2]]).collect();
        let side = |name: &str| words["pictures"][name].as_u64().unwrap_or(0) as usize;
        let pixels = take(count * side("width") * side("height")).to_vec();
        assert!(rest.is_empty(), "{} bytes more than the page says", rest.len());
        Read { text, words, lines, points, colors, pixels }
    }

    fn frame(&self, at: usize) -> &Value {
        &self.words["frames"][at]
    }
}

fn word(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().unwrap())
}

/// What a browser takes for the text of a script element: everything up to the first end tag.
fn element<'a>(text: &'a str, id: &str) -> &'a str {
    let start = text.find(id).expect("the element is there") + id.len();
    let length = text[start..].to_lowercase().find("</script").expect("it ends");
    &text[start..start + length]
}

fn from_base64(text: &str) -> Vec<u8> {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = |letter: u8| letters.iter().position(|&l| l == letter).expect("a letter") as u32;
    let mut bytes = Vec::new();
    for four in text.trim().as_bytes().chunks(4) {
        let kept = four.iter().filter(|&&letter| letter != b'=').count();
        let bits = four[..kept].iter().fold(0, |bits, &letter| bits << 6 | value(letter));
        bytes.extend(&(bits << (6 * (4 - kept))).to_be_bytes()[1..kept]);
    }
    bytes
}

fn frame(name: &str, dims: usize, points: Vec<[f32; 3]>) -> SpaceFrame {
    SpaceFrame {
        name: name.into(),
        dims,
        axes: Axes::around(&points),
        points,
        ..SpaceFrame::default()
    }
}

/// 100 by 100 points through six steps, three of them in space.
fn six_steps() -> SpacePage {
    let points: Vec<[f32; 3]> = (0..10_000)
        .map(|at| [(at / 100) as f32 * 0.1 - 5.0, (at % 100) as f32 * 0.1 - 5.0, 0.0])
        .collect();
    let bent: Vec<[f32; 3]> =
        points.iter().map(|&[x, y, _]| [x * 3.0, y / 7.0, x * y + 1e-7]).collect();
    let frames = (0..6).map(|step| match step % 2 {
        0 => frame("flat", 2, points.clone()),
        _ => frame("bent", 3, bent.clone()),
    });
    let edges = (0..9_900).map(|at| [at, at + 100]);
    let more = (0..10_000).filter(|at| at % 100 != 99).map(|at| [at, at + 1]);
    SpacePage {
        title: "six steps".into(),
        frames: frames.collect(),
        colors: (0..10_000).map(|at| Color::rgb(at * 7 % 0xff_ffff)).collect(),
        lines: edges.chain(more).collect(),
        ..SpacePage::default()
    }
}

#[test]
fn what_goes_in_comes_out() {
    let page = six_steps();
    let read = Read::of(&page);
    assert_eq!(read.words["title"], "six steps");
    assert_eq!(read.lines, page.lines);
    for (points, frame) in read.points.iter().zip(&page.frames) {
        for (point, position) in points.iter().zip(&frame.points) {
            assert_eq!(point[..], position[..point.len()]);
        }
    }
    let colors: Vec<[u8; 3]> =
        page.colors.iter().map(|color| [color.r, color.g, color.b]).collect();
    assert_eq!(read.colors, colors);
    assert_eq!(read.frame(1)["dims"], 3);
    assert_eq!(read.frame(1)["missing"], 0);
    assert_eq!(read.frame(1)["low"][0], -15.0);
    assert_eq!(read.frame(1)["axes"][2], "z");
}

#[test]
fn ten_thousand_points_and_six_steps_stay_below_three_megabytes() {
    let size = html(&six_steps()).len();
    assert!(size < 3_000_000, "{size} bytes");
}

#[test]
fn the_same_page_gives_the_same_bytes() {
    assert_eq!(html(&six_steps()), html(&six_steps()));
}

#[test]
fn values_that_are_not_finite_are_left_out_and_counted() {
    let mut first = frame("first", 3, vec![[1.0; 3], [2.0; 3], [3.0; 3], [4.0; 3]]);
    first.points[1][2] = f32::NAN;
    first.points[2][0] = f32::NEG_INFINITY;
    let mut second = frame("flat", 2, vec![[1.0, 2.0, f32::NAN]; 3]);
    second.points[0][1] = f32::from_bits(0xffc1_2345);
    let read = Read::of(&SpacePage { frames: vec![first, second], ..SpacePage::default() });
    assert_eq!(read.frame(0)["missing"], 2);
    assert!(read.points[0][1].iter().all(|value| value.to_bits() == 0x7fc0_0000));
    assert!(read.points[0][2].iter().all(|value| value.is_nan()));
    assert_eq!(read.points[0][3], [4.0; 3]);
    assert_eq!(read.frame(0)["high"], serde_json::json!([4.0, 4.0, 4.0]));
    // A flat frame's third coordinate does not count; a point that it lacks does.
    assert_eq!(read.frame(1)["missing"], 2);
    assert_eq!(read.points[1][1], [1.0, 2.0]);
}

#[test]
fn axes_are_as_asked_or_else_fitted() {
    let points = vec![[1.0, -2.0, 0.5], [3.0, 4.0, 0.5]];
    let asked =
        Axes { low: [-9.0; 3], high: [9.0; 3], names: ["PC 1", "PC 2", ""].map(Into::into) };
    let mut upside_down = frame("fitted", 3, points.clone());
    upside_down.axes.low[0] = 100.0;
    let mut fixed = frame("asked", 3, points);
    fixed.axes = asked;
    let nothing = frame("nothing", 3, vec![[f32::NAN; 3]; 2]);
    let read =
        Read::of(&SpacePage { frames: vec![upside_down, fixed, nothing], ..SpacePage::default() });
    assert_eq!(read.frame(0)["low"], serde_json::json!([1.0, -2.0, 0.5]));
    assert_eq!(read.frame(0)["high"], serde_json::json!([3.0, 4.0, 0.5]));
    assert_eq!(read.frame(1)["low"], serde_json::json!([-9.0, -9.0, -9.0]));
    assert_eq!(read.frame(1)["axes"][0], "PC 1");
    assert_eq!(read.frame(2)["high"], serde_json::json!([0.0, 0.0, 0.0]));
}

#[test]
fn edges_to_nowhere_are_left_out_and_said() {
    let page = SpacePage {
        frames: vec![frame("one", 2, vec![[0.0; 3]; 2])],
        lines: vec![[0, 1], [1, 2], [u32::MAX, 0]],
        notes: vec!["first".into()],
        ..SpacePage::default()
    };
    let read = Read::of(&page);
    assert_eq!(read.lines, [[0, 1]]);
    assert_eq!(read.words["notes"][0], "first");
    let said = "2 edges lead to points that are not there and are left out";
    assert_eq!(read.words["notes"][1], said);
    assert_eq!(read.colors, [[0x80; 3]; 2], "points without a colour are grey");
}

#[test]
fn words_of_a_file_stay_words() {
    let hostile = "</ScRiPt><img src=x onerror=alert(1)><!--\"'&\u{2028}{{hinton:data}}";
    let mut one = frame(hostile, 2, vec![[0.0; 3]]);
    one.detail = hostile.into();
    one.axes.names = [hostile, hostile, hostile].map(String::from);
    let page = SpacePage {
        title: hostile.into(),
        frames: vec![one],
        legend: Legend::Labels(vec![(hostile.into(), Color::BLACK)]),
        notes: vec![hostile.into()],
        ..SpacePage::default()
    };
    let read = Read::of(&page);
    assert_eq!(read.frame(0)["name"], hostile);
    assert_eq!(read.frame(0)["detail"], hostile);
    assert_eq!(read.words["notes"][0], hostile);
    assert_eq!(read.words["legend"]["items"][0][0], hostile);
    assert!(!read.text.contains("<img"), "a tag of the file's");
    let title = "<title>&lt;/ScRiPt&gt;&lt;img src=x onerror=alert(1)&gt;&lt;!--&quot;'&amp;";
    assert!(read.text.contains(title));
    let scripts = read.text.to_lowercase().matches("</script").count();
    assert_eq!(scripts, Read::of(&SpacePage::default()).text.matches("</script").count());
}

#[test]
fn nothing_is_asked_of_the_network() {
    let text = Read::of(&six_steps()).text;
    assert!(text.contains("default-src 'none'"));
    for tag in ["<script src", "<link rel=\"stylesheet", "<img", "@import", "url(http"] {
        assert!(!text.contains(tag), "{tag}");
    }
    assert!(text.contains("three.js authors"), "the licence goes along");
}

#[test]
fn themes_legends_and_morphs_are_told() {
    let ramp = Legend::Ramp {
        label: "x".into(),
        low: -5.0,
        high: f64::INFINITY,
        colors: vec![Color::BLACK, Color::WHITE],
    };
    let mut two = vec![frame("a", 1, vec![]), frame("b", 7, vec![])];
    two[1].morph = Morph::Cut;
    let page = SpacePage {
        theme: Some(ThemeName::Dark),
        legend: ramp,
        frames: two,
        ..SpacePage::default()
    };
    let read = Read::of(&page);
    assert!(read.text.contains("<html lang=\"en\" data-theme=\"dark\">"));
    assert!(Read::of(&SpacePage::default()).text.contains("<html lang=\"en\">"));
    let legend = &read.words["legend"];
    assert_eq!(legend["colors"], serde_json::json!(["#000000", "#ffffff"]));
    assert_eq!(legend["high"], Value::Null, "JSON has no infinity");
    assert_eq!(read.frame(0)["morph"], "linear");
    assert_eq!(read.frame(1)["morph"], "cut");
    assert_eq!((&read.frame(0)["dims"], &read.frame(1)["dims"]), (&1.into(), &3.into()));
}

#[test]
fn a_plane_of_colours_is_told_row_by_row() {
    let colors = vec![vec![Color::BLACK, Color::WHITE]; 3];
    let labels = ["across", "up"].map(String::from);
    let legend = Legend::Plane { labels, low: [0.0, 1.0], high: [2.0, 3.0], colors };
    let read = Read::of(&SpacePage { legend, ..SpacePage::default() });
    let legend = &read.words["legend"];
    assert_eq!(legend["kind"], "plane");
    assert_eq!(legend["labels"][1], "up");
    assert_eq!(legend["low"], serde_json::json!([0.0, 1.0]));
    assert_eq!(legend["colors"][2], serde_json::json!(["#000000", "#ffffff"]));
}

#[test]
fn a_page_of_nothing_is_a_page() {
    let read = Read::of(&SpacePage::default());
    assert_eq!(read.words["count"], 0);
    assert_eq!(read.words["frames"], serde_json::json!([]));
    let one = Read::of(&SpacePage {
        frames: vec![frame("one", 1, vec![[2.0, 0.0, 0.0]])],
        ..SpacePage::default()
    });
    assert_eq!(one.points, [[[2.0, 0.0]]]);
}

#[test]
fn guides_regions_and_pictures_are_there_and_never_break_the_page() {
    let mut input = frame("input", 2, vec![[0.0; 3], [1.0, 1.0, 0.0]]);
    let arrow = |end: f32| Guide { kind: GuideKind::FirstBasis, points: vec![[0.0; 3], [end; 3]] };
    input.guides = vec![arrow(1.0), arrow(f32::NAN)];
    input.own_axes = true;
    input.regions = Some(PageRegions {
        columns: 2,
        rows: 1,
        x: (-1.0, 1.0),
        y: (0.0, 2.0),
        colors: vec![Color::rgb(0x0072b2), Color::rgb(0xd55e00)],
        cells: vec![1, 0],
    });
    // One pixel too few: the rest is black.
    let pictures = PointPictures { width: 2, height: 1, pixels: vec![7, 8, 9] };
    let page = SpacePage { frames: vec![input], pictures: Some(pictures), ..SpacePage::default() };
    let read = Read::of(&page);
    assert_eq!(read.pixels, [7, 8, 9, 0]);
    let frame = read.frame(0);
    assert_eq!(frame["equal"], false);
    assert_eq!(frame["guides"][0]["points"][1], serde_json::json!([1.0, 1.0, 1.0]));
    assert_eq!(frame["guides"][0]["colors"], serde_json::json!(["#d6202f", "#ff5a5f"]));
    assert_eq!(frame["guides"][1]["points"], serde_json::json!([]), "no number is no place");
    assert_eq!(from_base64(frame["regions"]["cells"].as_str().unwrap()), [1, 0]);
    assert_eq!(frame["regions"]["colors"][0], "#0072b2");
}

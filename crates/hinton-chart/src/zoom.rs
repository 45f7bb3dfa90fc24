//! Scales text with the page: the size at which a picture is drawn, compared with how it was
//! designed.
//!
//! Charts are designed for labels of 8 points. A poster is the same layout drawn larger, and a
//! column of a paper one drawn smaller: text sizes, lines, margins and legends keep their
//! proportions, and the data take the rest of the page.

use hinton_scene::Scene;

use crate::{ChartError, Length, Options, PageSize, Picture, ThemeName};

/// Size of labels that charts are designed for, points.
pub(crate) const DESIGNED: f64 = 8.0;
/// Size of labels in print: the 6 to 7 points that journals ask for.
const PRINT: f64 = 6.5;
/// Pages up to this width, points, have the smallest labels.
const COLUMN: f64 = 250.0;
/// From this width on, points, labels have the size they are designed for.
const PAGE: f64 = 400.0;
/// Above this width, points, everything grows with the page.
const WIDE: f64 = 640.0;
/// Pages lower than this share of their width are treated as if they were narrower.
const FLAT: f64 = 1.35;

/// Size of labels, points.
pub(crate) fn label_size(options: &Options) -> f64 {
    if let Some(size) = options.font_size {
        return size;
    }
    // Presets copy pictures in which every length is given.
    if options.look.area.is_some() || options.look.label_size.is_some() {
        return DESIGNED;
    }
    fitting(options.theme, options.size, options.dpi)
}

/// Size of labels that fits the page, points.
pub(crate) fn fitting(theme: ThemeName, size: Option<PageSize>, dpi: f64) -> f64 {
    let is_paper = theme == ThemeName::Paper;
    let usual = if is_paper { PRINT } else { DESIGNED };
    let Some(size) = size else { return usual };
    let points = |length: Length| length.points(dpi);
    let height = size.height.map_or(f64::INFINITY, |height| points(height) * FLAT);
    match points(size.width).min(height) {
        width if width <= COLUMN => PRINT,
        width if width <= PAGE && !is_paper => {
            PRINT + (DESIGNED - PRINT) * (width - COLUMN) / (PAGE - COLUMN)
        }
        width if width <= WIDE => usual,
        width => usual * width / WIDE,
    }
}

/// The options for a picture that is then drawn `zoom` times as large.
pub(crate) fn designed(options: &Options, zoom: f64) -> Options {
    let mut inner = options.clone();
    inner.size = options.size.map(|size| smaller(size, options.dpi, zoom));
    inner.dpi = options.dpi * zoom;
    inner.font_size = Some(DESIGNED);
    inner.line_width = options.line_width.map(|width| width / zoom);
    let look = &mut inner.look;
    look.margin = look.margin.map(|margin| margin / zoom);
    look.cell_gap /= zoom;
    look.square_growth /= zoom;
    look.frame = look.frame.map(|(color, width)| (color, width / zoom));
    look.label_size = look.label_size.map(|size| size / zoom);
    look.letter_width = look.letter_width.map(|width| width / zoom);
    inner
}

/// Draws with type of the size that fits the page: `build` draws with the options it is given, whose
/// labels are [`DESIGNED`] points.
pub(crate) fn zoomed(
    options: &Options,
    build: impl Fn(&Options) -> Result<Picture, ChartError>,
) -> Result<Picture, ChartError> {
    let zoom = label_size(options) / DESIGNED;
    if zoom == 1.0 {
        return build(options);
    }
    let mut options = options.clone();
    if options.font_size.is_some() && options.size.is_none() {
        // The page that it would have anyway: larger type is larger beside the data, too.
        let natural = Options { font_size: None, theme: ThemeName::Light, ..options.clone() };
        let width = Length::Points(build(&natural)?.scene.width);
        options.size = Some(PageSize { width, height: None });
    }
    let Picture { scene, notes } = build(&designed(&options, zoom)).map_err(|e| larger(e, zoom))?;
    Ok(Picture { scene: enlarged(&scene, &options, zoom), notes })
}

/// The scene `zoom` times as large; a page of given size has exactly that.
pub(crate) fn enlarged(scene: &Scene, options: &Options, zoom: f64) -> Scene {
    sized(scene.scaled(zoom), options.size, options.dpi)
}

/// The scene on a page of exactly that size.
pub(crate) fn sized(mut scene: Scene, size: Option<PageSize>, dpi: f64) -> Scene {
    if let Some(size) = size {
        scene.width = size.width.points(dpi);
        if let Some(height) = size.height {
            scene.height = height.points(dpi);
        }
    }
    scene
}

/// The page that becomes one of that size when it is drawn `zoom` times as large.
pub(crate) fn smaller(size: PageSize, dpi: f64, zoom: f64) -> PageSize {
    let points = |length: Length| Length::Points(length.points(dpi) / zoom);
    PageSize { width: points(size.width), height: size.height.map(points) }
}

/// The page that an error names is the one that was asked for.
pub(crate) fn larger(error: ChartError, zoom: f64) -> ChartError {
    match error {
        ChartError::NoRoom { chart, width, height } => {
            ChartError::NoRoom { chart, width: width * zoom, height: height * zoom }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(page: &str) -> f64 {
        label_size(&Options { size: page.parse().ok(), ..Options::default() })
    }

    #[test]
    fn type_follows_the_page() {
        assert_eq!(label_size(&Options::default()), 8.0);
        assert_eq!(size("8.5cm"), 6.5);
        assert_eq!(size("17.4cm"), 8.0);
        // Lettering of an A0 poster is read from two metres.
        assert!((28.0..32.0).contains(&size("84x119cm")));
        assert!(size("84x20cm") < size("84x119cm"));
        let paper = |page: &str| {
            let theme = ThemeName::Paper;
            label_size(&Options { theme, size: page.parse().ok(), ..Options::default() })
        };
        assert_eq!([paper("8.5cm"), paper("17.4cm")], [6.5, 6.5]);
        let asked =
            Options { font_size: Some(9.5), size: "3cm".parse().ok(), ..Options::default() };
        assert_eq!(label_size(&asked), 9.5);
    }
}

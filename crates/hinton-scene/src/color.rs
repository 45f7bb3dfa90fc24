//! Colours: 8-bit sRGB with straight alpha.

/// A colour in sRGB with 8 bits per channel and straight alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Color {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
    /// Opacity: 0 is transparent, 255 is opaque.
    pub a: u8,
}

impl Color {
    /// `#ffffff`.
    pub const WHITE: Color = Color::rgb(0xff_ff_ff);
    /// `#000000`.
    pub const BLACK: Color = Color::rgb(0);

    /// An opaque colour from `0xRRGGBB`.
    pub const fn rgb(hex: u32) -> Self {
        Color { r: (hex >> 16) as u8, g: (hex >> 8) as u8, b: hex as u8, a: 255 }
    }

    /// The same colour with a different opacity.
    pub const fn alpha(self, a: u8) -> Self {
        Color { a, ..self }
    }

    /// `self` with `share` (0 to 1) of `other` mixed in, channel by channel in sRGB.
    pub fn mix(self, other: Color, share: f64) -> Self {
        let channel = |from: u8, to: u8| {
            let mixed = f64::from(from) + (f64::from(to) - f64::from(from)) * share;
            (mixed + 0.5).clamp(0.0, 255.0) as u8
        };
        Color {
            r: channel(self.r, other.r),
            g: channel(self.g, other.g),
            b: channel(self.b, other.b),
            a: channel(self.a, other.a),
        }
    }

    /// Relative luminance, 0 (black) to 1 (white), as WCAG 2.2 defines it.
    pub fn luminance(self) -> f64 {
        let [r, g, b] = [self.r, self.g, self.b].map(|channel| LINEAR[usize::from(channel)]);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// Contrast ratio with another colour, 1 to 21 (WCAG 2.2).
    pub fn contrast(self, other: Color) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The one of two colours that is more readable on this colour; the first if both are equal.
    pub fn readable(self, one: Color, two: Color) -> Color {
        if self.contrast(one) >= self.contrast(two) { one } else { two }
    }

    /// The colour as `#rrggbb`, without opacity.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.r, self.g, self.b)
    }
}

/// Linear light of every value of a channel. Computed when compiled: a map of a model asks for it a
/// million times.
static LINEAR: [f64; 256] = {
    let mut light = [0.0; 256];
    let mut channel = 0;
    while channel < light.len() {
        light[channel] = linear(channel as u8);
        channel += 1;
    }
    light
};

/// sRGB to linear light. The exact curve has a power of 2.4, whose last bit differs between
/// machines; x^2.4 = x² · (x²)^(1/5) is computed with multiplications and Newton steps instead.
const fn linear(channel: u8) -> f64 {
    let value = channel as f64 / 255.0;
    if value <= 0.04045 {
        return value / 12.92;
    }
    let base = (value + 0.055) / 1.055;
    let square = base * base;
    square * fifth_root(square)
}

/// The fifth root of a number in (0, 1], by Newton's method.
const fn fifth_root(value: f64) -> f64 {
    let mut root = 0.5 + 0.5 * value;
    let mut step = 0;
    while step < 40 {
        let fourth = root * root * root * root;
        root -= (fourth * root - value) / (5.0 * fourth);
        step += 1;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luminance_is_wcags() {
        assert_eq!(Color::BLACK.luminance(), 0.0);
        assert!((Color::WHITE.luminance() - 1.0).abs() < 1e-12);
        let grey = Color::rgb(0x808080).luminance();
        assert!((grey - ((128.0 / 255.0 + 0.055) / 1.055f64).powf(2.4)).abs() < 1e-12, "{grey}");
        assert!((Color::WHITE.contrast(Color::BLACK) - 21.0).abs() < 1e-9);
    }

    #[test]
    fn text_is_dark_on_pale_and_pale_on_dark() {
        let pick = |hex: u32| Color::rgb(hex).readable(Color::BLACK, Color::WHITE);
        assert_eq!(pick(0xFFFFE5), Color::BLACK);
        assert_eq!(pick(0x004529), Color::WHITE);
    }

    #[test]
    fn mixing_ends_at_the_ends() {
        let (one, two) = (Color::rgb(0x102030), Color::rgb(0xF0E0D0));
        assert_eq!(one.mix(two, 0.0), one);
        assert_eq!(one.mix(two, 1.0), two);
        assert_eq!(one.mix(two, 0.5), Color::rgb(0x808080));
    }
}

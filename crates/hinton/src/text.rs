//! Numbers, shapes and names as hinton writes them in pictures and reports.
//!
//! ```
//! use hinton::text::{shape_text, short, visible};
//!
//! assert_eq!(short(0.123456), "0.123");
//! assert_eq!(shape_text(&[784, 10]), "784 × 10");
//! // Characters that would change a terminal are shown as escapes.
//! assert_eq!(visible("a\u{1b}[31m"), "a\\u{1b}[31m");
//! ```

pub use hinton_chart::{shape_text, short, short_count};
pub use hinton_scene::visible;

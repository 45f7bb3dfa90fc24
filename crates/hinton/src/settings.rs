//! Settings by name, with their values as text: the same words on the command line, in Rust and in
//! Python.
//!
//! Use them where the user of your program chooses: each setting is a row ([`SettingRow`]) with its
//! name, its values and its help.
//!
//! ```
//! use hinton::DrawRequest;
//! use hinton::settings::SETTINGS;
//!
//! let request = DrawRequest::default().set("cmap", "viridis")?.set("range", "-1..1")?;
//! assert_eq!(request.given, ["cmap", "range"]);
//!
//! let row = SETTINGS.iter().find(|row| row.name == "cmap").expect("a setting of pictures");
//! assert!(!row.help.is_empty());
//! # Ok::<(), hinton::Error>(())
//! ```

pub use hinton_draw::settings::*;
pub use hinton_words::{Mention, respelled};

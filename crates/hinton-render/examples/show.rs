//! Writes the test scenes in every output into a folder, to look at: `show FOLDER [DPI]`.

#[path = "../tests/common/mod.rs"]
mod common;

use hinton_render::{OUTPUTS, RenderOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: show FOLDER [DPI]")?;
    let mut options = RenderOptions::default();
    if let Some(dpi) = arguments.next() {
        options.dpi = dpi.parse()?;
    }
    std::fs::create_dir_all(&folder)?;
    for (name, scene) in common::scenes() {
        for row in OUTPUTS {
            let extension = row.extensions.first().unwrap_or(&"txt");
            let path = format!("{folder}/{name}.{extension}");
            std::fs::write(path, (row.write)(&scene, &options)?)?;
        }
    }
    Ok(())
}

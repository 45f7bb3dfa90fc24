//! Tiles and pyramids, which no command of its own shows: the rows of `crates/hinton-tensor/benches/tiles.rs`.

use crate::{Failure, shell};

/// The section of docs/benchmarks.md.
const HEADING: &str = "\n## Tiles and pyramids\n";

pub(super) fn run(write: bool) -> Result<(), Failure> {
    let mut bench = shell::cargo();
    bench.args(["bench", "--quiet", "--package", "hinton-tensor", "--bench", "tiles"]);
    let rows = shell::output(&mut bench)?;
    print!("{rows}");
    if write {
        let path = shell::root().join("docs/benchmarks.md");
        std::fs::write(&path, with_rows(&shell::read(&path)?, &rows))?;
        println!("wrote {}", shell::shown(&path));
    }
    Ok(())
}

/// The page with these rows, in place of those it has.
fn with_rows(page: &str, rows: &str) -> String {
    let section = format!(
        "{HEADING}\nWritten by `cargo xtask bench tiles --write`: a matrix of 8192 x 8192 bf16 in memory, one thread, medians.\n\n\
         | what | at most | measured |\n| --- | --- | --- |\n{}\n",
        rows.trim_end()
    );
    let Some((before, rest)) = page.split_once(HEADING) else {
        return page.trim_end().to_owned() + "\n" + &section;
    };
    let after = rest.find("\n## ").map_or("", |start| &rest[start..]);
    format!("{before}{section}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_added_once_and_then_replaced() {
        let page = "# A\n\n## B\n\nb\n";
        let first = with_rows(page, "| x | 1 | 2 |\n");
        assert!(first.starts_with(page) && first.ends_with("| --- |\n| x | 1 | 2 |\n"), "{first}");
        let longer = first.clone() + "\n## C\n\nc\n";
        let second = with_rows(&longer, "| y | 1 | 2 |\n");
        assert!(
            !second.contains("| x |") && second.ends_with("| y | 1 | 2 |\n\n## C\n\nc\n"),
            "{second}"
        );
    }
}

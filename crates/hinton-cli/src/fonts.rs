//! The fonts of the system, for characters that the embedded typeface lacks.
//!
//! Nothing is looked for before such a character is met. The choice goes by the names of the files
//! and by what is in them, so that it is the same wherever the same fonts are installed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hinton::fonts::{Coverage, FontFile, coverage};

/// Lets pictures use fonts of the system, which are searched when they are needed.
pub fn use_system_fonts() {
    let source = |c| {
        static FONTS: OnceLock<SystemFonts> = OnceLock::new();
        FONTS.get_or_init(|| SystemFonts::in_folders(&folders())).font_for(c)
    };
    // False says that they are in use already.
    let _ = hinton::fonts::set_font_source(Box::new(source));
}

/// Font files that are known at most, and how deep folders are looked into.
const MOST_FILES: usize = 4000;
const MOST_DEPTH: usize = 6;

/// Families that go well with the typeface, for characters of these ranges, the best first: beginnings
/// of file names, in small letters without blanks and hyphens.
struct Script {
    ranges: &'static [(char, char)],
    families: &'static [&'static str],
    /// How the family of a face in a collection ends.
    ending: &'static str,
}

const JAPANESE: Script = Script {
    ranges: &[('\u{3040}', '\u{30ff}'), ('\u{31f0}', '\u{31ff}'), ('\u{ff66}', '\u{ff9f}')],
    families: &[
        "notosanscjk",
        "notosansjp",
        "sourcehansans",
        "hiraginosans",
        "ヒラギノ角ゴシックw3",
        "yugothr",
        "yugothm",
        "meiryo",
        "msgothic",
        "ipagp",
        "ipaexg",
        "vlgothic",
        "takao",
        "droidsansfallback",
    ],
    ending: "JP",
};

const KOREAN: Script = Script {
    ranges: &[('\u{1100}', '\u{11ff}'), ('\u{3130}', '\u{318f}'), ('\u{ac00}', '\u{d7af}')],
    families: &[
        "notosanscjk",
        "notosanskr",
        "sourcehansans",
        "applesdgothicneo",
        "malgun",
        "nanumgothic",
        "unbatang",
        "droidsansfallback",
    ],
    ending: "KR",
};

const CHINESE: Script = Script {
    ranges: &[
        ('\u{2e80}', '\u{303f}'),
        ('\u{3100}', '\u{312f}'),
        ('\u{31c0}', '\u{31ef}'),
        ('\u{3200}', '\u{9fff}'),
        ('\u{f900}', '\u{faff}'),
        ('\u{fe30}', '\u{fe4f}'),
        ('\u{ff00}', '\u{ff65}'),
        ('\u{20000}', '\u{3fffd}'),
    ],
    families: &[
        "notosanscjk",
        "notosanssc",
        "sourcehansans",
        "pingfang",
        "hiraginosansgb",
        "msyh",
        "wqy",
        "microhei",
        "simhei",
        "simsun",
        "stheiti",
        "droidsansfallback",
        "arphic",
        "uming",
    ],
    ending: "SC",
};

const ARABIC: Script = Script {
    ranges: &[('\u{600}', '\u{77f}'), ('\u{8a0}', '\u{8ff}'), ('\u{fb50}', '\u{feff}')],
    families: &["notosansarabic", "notonaskharabic", "geezapro", "segoeui", "tahoma", "dejavusans"],
    ending: "",
};

const HEBREW: Script = Script {
    ranges: &[('\u{590}', '\u{5ff}'), ('\u{fb1d}', '\u{fb4f}')],
    families: &["notosanshebrew", "arialhb", "segoeui", "dejavusans"],
    ending: "",
};

const INDIC: Script = Script {
    ranges: &[('\u{900}', '\u{dff}')],
    families: &["notosans", "kohinoor", "nirmala", "mangal", "lohit", "freesans"],
    ending: "",
};

const THAI: Script = Script {
    ranges: &[('\u{e00}', '\u{e7f}')],
    families: &["notosansthai", "thonburi", "leelaw", "tahoma", "garuda", "loma", "freesans"],
    ending: "",
};

/// Symbols, mathematics and emoji that are outlines.
const SIGNS: Script = Script {
    ranges: &[('\u{2000}', '\u{2bff}'), ('\u{1d400}', '\u{1d7ff}'), ('\u{1f000}', '\u{1fbff}')],
    families: &[
        "notosansmath",
        "notoemoji",
        "notosanssymbols2",
        "notosanssymbols",
        "dejavusans",
        "applesymbols",
        "segoeuisymbol",
        "seguisym",
        "seguiemj",
        "symbola",
        "notosansmono",
    ],
    ending: "",
};

/// All that is not in a range above.
const OTHERS: Script = Script {
    ranges: &[],
    families: &["notosans", "dejavusans", "segoeui", "arialunicode", "freesans", "unifont"],
    ending: "",
};

const SCRIPTS: &[Script] = &[JAPANESE, KOREAN, CHINESE, ARABIC, HEBREW, INDIC, THAI, SIGNS];

fn script_of(c: char) -> &'static Script {
    let has = |script: &&Script| script.ranges.iter().any(|range| (range.0..=range.1).contains(&c));
    SCRIPTS.iter().find(has).unwrap_or(&OTHERS)
}

/// A font file that was found.
struct Found {
    path: PathBuf,
    /// The name in small letters, without blanks and hyphens.
    key: String,
}

/// What has been read of the files so far.
#[derive(Default)]
struct Read {
    /// By the number of the file.
    coverages: BTreeMap<usize, Vec<Coverage>>,
    /// By the number of the file and of its face.
    fonts: BTreeMap<(usize, u32), Arc<FontFile>>,
}

/// Fonts in some folders.
struct SystemFonts {
    files: Vec<Found>,
    read: Mutex<Read>,
}

impl SystemFonts {
    fn in_folders(folders: &[PathBuf]) -> Self {
        let mut paths = Vec::new();
        folders.iter().for_each(|folder| collect(folder, 0, &mut paths));
        let files = paths.into_iter().map(|path| Found { key: key(&path), path }).collect();
        SystemFonts { files, read: Mutex::new(Read::default()) }
    }

    /// The font for a character: of all files that have it the one whose name suits best.
    fn font_for(&self, c: char) -> Option<Arc<FontFile>> {
        let script = script_of(c);
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        order.sort_by_cached_key(|&index| rank(&self.files[index].key, script));
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        for index in order {
            let faces = read.coverages.entry(index).or_insert_with(|| {
                bytes_of(&self.files[index].path).map(|data| coverage(&data)).unwrap_or_default()
            });
            let having = |(_, face): &(usize, &Coverage)| face.has(c);
            let suits = |face: &Coverage| face.family.ends_with(script.ending);
            let best = faces.iter().enumerate().filter(having).min_by_key(|face| !suits(face.1));
            let Some(face) = best.and_then(|(face, _)| u32::try_from(face).ok()) else { continue };
            if let Some(known) = read.fonts.get(&(index, face)) {
                return Some(known.clone());
            }
            let data = bytes_of(&self.files[index].path)?;
            let font = Arc::new(FontFile { data, index: face });
            read.fonts.insert((index, face), font.clone());
            return Some(font);
        }
        None
    }
}

/// How well a file suits a script by its name, the best first: the family, then the plainest style,
/// then the shortest name.
fn rank<'a>(key: &'a str, script: &Script) -> (usize, usize, usize, &'a str) {
    let families = script.families.iter().chain(OTHERS.families);
    let family = families.clone().position(|family| key.starts_with(family));
    const STYLES: &[&str] = &[
        "italic",
        "oblique",
        "bold",
        "black",
        "heavy",
        "light",
        "thin",
        "condensed",
        "serif",
        "mono",
        "display",
        "nastaliq",
        "looped",
    ];
    let style = STYLES.iter().filter(|style| key.contains(*style)).count();
    (family.unwrap_or(usize::MAX), style, key.len(), key)
}

fn key(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).collect()
}

/// The font files below a folder, in the order of their names.
fn collect(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            if depth < MOST_DEPTH {
                collect(&path, depth + 1, paths);
            }
        } else if is_font(&path) && paths.len() < MOST_FILES && !paths.contains(&path) {
            paths.push(path);
        }
    }
}

fn is_font(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    matches!(extension.as_str(), "ttf" | "otf" | "ttc" | "otc")
}

fn bytes_of(path: &Path) -> Option<Vec<u8>> {
    let length = std::fs::metadata(path).ok()?.len();
    if length > hinton::fonts::MOST_BYTES {
        return None;
    }
    std::fs::read(path).ok()
}

/// Where the system keeps fonts: those of the user first.
fn folders() -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = || variable("HOME").map(PathBuf::from);
    let mut folders: Vec<PathBuf> = Vec::new();
    if cfg!(target_os = "macos") {
        folders.extend(home().map(|home| home.join("Library/Fonts")));
        folders.extend(["/Library/Fonts", "/System/Library/Fonts"].map(PathBuf::from));
    } else if cfg!(windows) {
        let local = variable("LOCALAPPDATA").map(PathBuf::from);
        folders.extend(local.map(|local| local.join("Microsoft").join("Windows").join("Fonts")));
        folders.extend(variable("WINDIR").map(|windows| PathBuf::from(windows).join("Fonts")));
    } else {
        let own = variable("XDG_DATA_HOME").map(PathBuf::from);
        let own = own.or_else(|| home().map(|home| home.join(".local/share")));
        folders.extend(own.map(|own| own.join("fonts")));
        folders.extend(home().map(|home| home.join(".fonts")));
        let shared =
            variable("XDG_DATA_DIRS").unwrap_or_else(|| "/usr/local/share:/usr/share".into());
        folders.extend(std::env::split_paths(&shared).map(|folder| folder.join("fonts")));
        folders.extend(["/usr/local/share/fonts", "/usr/share/fonts"].map(PathBuf::from));
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plainest_file_of_the_best_family_comes_first() {
        let best = |c: char, names: &[&str]| {
            let mut keys: Vec<String> = names.iter().map(|name| key(Path::new(name))).collect();
            keys.sort_by_cached_key(|key| {
                let (family, style, length, key) = rank(key, script_of(c));
                (family, style, length, key.to_owned())
            });
            keys.swap_remove(0)
        };
        let all = [
            "DejaVuSans.ttf",
            "NotoSansCJK-Bold.ttc",
            "NotoSansCJK-Regular.ttc",
            "NotoSerifCJK-Regular.ttc",
            "NotoSansArabic-Bold.ttf",
            "NotoSansArabic-Regular.ttf",
            "NotoNaskhArabic-Regular.ttf",
            "Zapf.ttf",
        ];
        assert_eq!(best('飞', &all), "notosanscjkregular");
        assert_eq!(best('ط', &all), "notosansarabicregular");
        assert_eq!(best('ط', &all[..3]), "dejavusans");
        assert_eq!(best('Ⴀ', &["Zapf.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans.ttf"]), "dejavusans");
    }

    #[test]
    fn folders_without_fonts_give_none() {
        let none = SystemFonts::in_folders(&[PathBuf::from("/nonexistent/fonts")]);
        assert!(none.font_for('飞').is_none());
        assert_eq!(script_of('ネ').ending, "JP");
        assert_eq!(script_of('飞').ending, "SC");
    }
}

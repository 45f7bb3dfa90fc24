//! Parses the values of settings as a user writes them.

use std::str::FromStr;

use hinton_chart::{CHARTS, Colormap, Labels, PRESETS, colormaps};
use hinton_tensor::Fold;

use crate::{DrawRequest, Error};
use hinton_weights::near;

pub(super) fn chart_names() -> Vec<&'static str> {
    CHARTS.iter().map(|row| row.name).collect()
}

pub(super) fn parsed<T>(value: &str, set: impl FnOnce(T)) -> Result<(), Error>
where
    T: FromStr,
    Error: From<T::Err>,
{
    set(value.parse()?);
    Ok(())
}

/// The choice that was named, in any case.
pub(super) fn choice(
    option: &str,
    value: &str,
    choices: &[&'static str],
) -> Result<&'static str, Error> {
    choices.iter().find(|known| known.eq_ignore_ascii_case(value)).copied().ok_or_else(|| {
        let message = format!("`{option}` {value:?}: expected {}", choices.join(", "));
        let nearest = near::near_enough(choices.iter().copied(), value);
        let help = nearest.map_or(String::new(), |name| format!("did you mean {name}?"));
        Error::request(message, help)
    })
}

pub(super) fn set_preset(request: &mut DrawRequest, value: &str) -> Result<(), Error> {
    let names: Vec<&str> = PRESETS.iter().map(|row| row.name).collect();
    let name = choice("preset", value, &names)?;
    let Some(row) = PRESETS.iter().find(|row| row.name == name) else { return Ok(()) };
    request.chart = Some(row.chart.to_owned());
    request.transpose ^= row.transpose;
    request.says_range |= row.says_range;
    (row.apply)(&mut request.options);
    Ok(())
}

pub(super) fn set_cmap(request: &mut DrawRequest, value: &str) -> Result<(), Error> {
    request.options.cmap = Some(cmap(value)?);
    Ok(())
}

pub(super) fn labels(option: &str, value: &str) -> Result<Labels, Error> {
    match value {
        "off" | "none" => Ok(Labels::Off),
        "auto" => Ok(Labels::Auto),
        "" => Err(Error::request(
            format!("`{option}`: it is empty"),
            "write a pattern such as dim_{}, a file of lines, or off",
        )),
        // Lines are a list, whatever stands in them.
        lines if lines.contains('\n') => {
            Ok(Labels::List(lines.lines().map(|line| line.trim_end().to_owned()).collect()))
        }
        pattern if pattern.contains("{}") => Ok(Labels::Pattern(pattern.to_owned())),
        list => Ok(Labels::List(list.split(',').map(|word| word.trim().to_owned()).collect())),
    }
}

/// Ways to fold, by their words.
pub(super) const FOLDS: [(&str, Fold); 5] = [
    ("rms", Fold::Rms),
    ("mean", Fold::Mean),
    ("extreme", Fold::Extreme),
    ("max", Fold::Max),
    ("min", Fold::Min),
];

pub(super) fn fold(value: &str) -> Result<Fold, Error> {
    let word = choice("reduce", value, &FOLDS.map(|fold| fold.0))?;
    Ok(FOLDS.iter().find(|fold| fold.0 == word).map_or(Fold::Rms, |fold| fold.1))
}

pub(super) fn number(
    option: &str,
    value: &str,
    least: f64,
    most: f64,
    whole: bool,
) -> Result<f64, Error> {
    let parsed = value.trim().parse::<f64>().ok();
    let fits = |number: &f64| (least..=most).contains(number) && (!whole || number.fract() == 0.0);
    parsed.filter(fits).ok_or_else(|| {
        let what = if whole { "a whole number" } else { "a number" };
        let range = match (least > 1e-9, most < 1e300) {
            (true, true) => format!(" from {least} to {most}"),
            _ if least < 0.0 => String::new(),
            _ => " above zero".to_owned(),
        };
        Error::request(format!("`{option}` {value:?}: expected {what}{range}"), "")
    })
}

/// A number of any size that is finite.
pub(super) fn real(option: &str, value: &str) -> Result<f64, Error> {
    number(option, value, -f64::MAX, f64::MAX, false)
}

/// A whole number, with all its digits: seeds have up to twenty.
pub(super) fn whole(option: &str, value: &str, least: u64, most: u64) -> Result<u64, Error> {
    let parsed = value.trim().parse::<u64>().ok();
    parsed.filter(|number| (least..=most).contains(number)).ok_or_else(|| {
        let range = match most {
            u64::MAX => format!("of at least {least}"),
            _ => format!("from {least} to {most}"),
        };
        Error::request(format!("`{option}` {value:?}: expected a whole number {range}"), "")
    })
}

/// A number of things in memory.
pub(super) fn many(option: &str, value: &str, least: u64) -> Result<usize, Error> {
    Ok(usize::try_from(whole(option, value, least, u64::MAX)?).unwrap_or(usize::MAX))
}

/// The colour map of that name.
pub(super) fn cmap(value: &str) -> Result<Colormap, Error> {
    Colormap::named(value).ok_or_else(|| {
        let nearest = near::nearest(colormaps().map(|row| row.name), value);
        Error::request(
            format!("`cmap` {value:?}: there is no such colour map"),
            format!("the nearest are {nearest}; `list colormaps` shows all"),
        )
    })
}

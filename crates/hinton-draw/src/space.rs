//! What a person asks of points that are sent through a network: everything in one value.

use hinton_space::{FilmRequest, NetworkRequest, PointRequest, ShowRequest};

use crate::Error;
use crate::settings::{Set, not_of_a_request, row_of};

/// The network, the points, how they are shown, and the film: everything that can be set of a
/// space. `Default` leaves every choice to the network.
///
/// ```
/// use hinton::space::{Show, SpaceRequest, model, points};
///
/// let request = SpaceRequest::default().set("scale", "2")?.set("azimuth", "-30")?;
/// let model = model("2-3-tanh-2", &request.network)?;
/// let points = points(&request.points, model.input_width())?;
/// let page = Show::new(&model, points, request.show)?.page()?;
/// # assert_eq!(request.network.scale, 2.0);
/// # let _ = page;
/// # Ok::<(), hinton::Error>(())
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct SpaceRequest {
    /// How the network is built.
    pub network: NetworkRequest,
    /// Which points are sent through it.
    pub points: PointRequest,
    /// How they are shown.
    pub show: ShowRequest,
    /// How a film is made.
    pub film: FilmRequest,
    /// Names of the settings that were [set](SpaceRequest::set).
    pub given: Vec<&'static str>,
}

impl SpaceRequest {
    /// Sets one of the settings of `space` by its name on the command line: `.set("zoom", "2")?`.
    ///
    /// # Errors
    /// Returns an error if the name is unknown, or the setting does not accept the value.
    pub fn set(mut self, setting: &str, value: &str) -> Result<Self, Error> {
        let row = row_of("space", setting)?;
        let Set::Space(set) = row.set else { return Err(not_of_a_request(row)) };
        set(&mut self, value)?;
        self.given.push(row.name);
        if self.has("duration") && (self.has("pause") || self.has("travel")) {
            return Err(Error::request(
                "a film has either a duration, or a pause and a travel",
                "leave one of them out: the times of steps follow from the duration",
            ));
        }
        Ok(self)
    }

    /// Whether this setting was set.
    pub fn has(&self, setting: &str) -> bool {
        self.given.contains(&setting)
    }
}

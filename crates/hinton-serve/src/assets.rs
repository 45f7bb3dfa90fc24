//! The files of the viewer's page, built from `web/viewer`.

/// A file of the page.
pub(crate) struct Asset {
    /// Its path.
    pub(crate) path: &'static str,
    pub(crate) media_type: &'static str,
    pub(crate) bytes: &'static [u8],
}

/// Every file of the page. They hold nothing of what is viewed, so they need no key.
pub(crate) const ASSETS: &[Asset] = &[
    Asset {
        path: "/",
        media_type: "text/html; charset=utf-8",
        bytes: include_bytes!("../assets/viewer.html"),
    },
    Asset {
        path: "/viewer.js",
        media_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../assets/viewer.js"),
    },
    Asset {
        path: "/viewer.css",
        media_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../assets/viewer.css"),
    },
];

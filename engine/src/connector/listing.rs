//! Lists of records behind endpoints, and how their pages are asked for.

use std::ops::Range;

/// A query parameter; never secret.
pub type Parameter = (&'static str, String);

/// A list of records behind one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Path below the base URL.
    pub endpoint: String,
    /// Query parameters besides paging.
    pub query: Vec<Parameter>,
    /// Parameters that are left out when the upstream refuses them.
    pub optional: Vec<Parameter>,
    /// How its pages are asked for.
    pub paging: Paging,
    /// Whether rows may join it while it is read. Then only its end is looked for: a row that moved within it is
    /// met by a later reading.
    pub is_open: bool,
}

/// How the pages of a listing are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// By the first row.
    ///
    /// Each page after the first begins one row early: that row must be the last one of the page before,
    /// or rows have moved while the list was read.
    Offset {
        /// Rows asked for at once.
        limit: u64,
        /// Whether the end must be seen as a page without new rows. Otherwise the announced total, or a
        /// page that is not full, ends the list.
        probe_end: bool,
    },
    /// By number, from 1, one after the other.
    ///
    /// The upstream may give fewer rows than asked for on any page: only an empty page, or as many distinct records
    /// as announced, is the end.
    Pages {
        /// Rows asked for at once.
        size: u64,
    },
    /// Not at all: the endpoint is one record, or says that there is none.
    Single,
}

/// The part of a listing that one request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Rows from `offset`, counted from 0.
    Rows {
        /// The first row.
        offset: u64,
        /// Most rows.
        limit: u64,
    },
    /// A page of `size` rows, counted from 1.
    Page {
        /// Which page.
        number: u64,
        /// Most rows.
        size: u64,
    },
    /// All there is.
    All,
}

impl Listing {
    /// A list without parameters.
    pub fn new(endpoint: impl Into<String>, paging: Paging) -> Self {
        Self {
            endpoint: endpoint.into(),
            query: vec![],
            optional: vec![],
            paging,
            is_open: false,
        }
    }

    /// Whether it is of one record, or of what belongs to it.
    pub(crate) fn is_of_record(&self) -> bool {
        self.endpoint.contains('/')
    }

    /// The part that begins at `place`: a row for [`Paging::Offset`], a page for [`Paging::Pages`].
    pub(crate) fn part(&self, place: u64) -> Part {
        match self.paging {
            Paging::Offset { limit, .. } => Part::Rows {
                offset: place,
                limit,
            },
            Paging::Pages { size } => Part::Page {
                number: place,
                size,
            },
            Paging::Single => Part::All,
        }
    }

    /// The place at which the listing begins.
    pub(crate) fn first_place(&self) -> u64 {
        match self.paging {
            Paging::Offset { .. } | Paging::Single => 0,
            Paging::Pages { .. } => 1,
        }
    }

    /// The smallest part, enough to see whether there is an answer.
    pub(crate) fn least_part(&self) -> Part {
        match self.paging {
            Paging::Offset { .. } => Part::Rows {
                offset: 0,
                limit: 1,
            },
            Paging::Pages { .. } => Part::Page { number: 1, size: 1 },
            Paging::Single => Part::All,
        }
    }
}

/// A checked answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Where in the body each record stands.
    pub records: Vec<Range<usize>>,
    /// How many records the upstream says the whole listing has.
    pub announced: Option<u64>,
}

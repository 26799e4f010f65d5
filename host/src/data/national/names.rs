//! What a region calls the fields of the national interface, and what it leaves out.

use std::collections::BTreeMap;

use super::node::Node;
use super::region::Region;

/// The names of a request, by the national ones.
#[derive(Debug, Default)]
pub(in crate::data) struct Names {
    renamed: BTreeMap<String, String>,
    defaults: BTreeMap<String, Node>,
}

impl Names {
    /// Those of a region.
    pub(super) fn of(region: &Region) -> Self {
        let text = |(name, text): (&String, &String)| (name.clone(), Node::Text(text.clone()));
        Names {
            renamed: region.request.clone(),
            defaults: region.defaults.iter().map(text).collect(),
        }
    }

    /// What a field is called: as callers write it, so that errors name it so.
    pub(super) fn called<'t>(&'t self, national: &'t str) -> &'t str {
        self.renamed.get(national).map_or(national, String::as_str)
    }

    /// What stands where a field is left out, or empty.
    pub(super) fn default(&self, national: &str) -> Option<&Node> {
        self.defaults.get(national)
    }
}

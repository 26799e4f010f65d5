//! JSON that remembers the characters of its numbers, and a place in it that knows its path.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::value::RawValue;

use super::names::Names;
use crate::data::RequestError;

/// The national requests nest seven deep.
const DEPTH_MAX: usize = 16;

/// A JSON value; numbers as they are written.
#[derive(Debug)]
pub(in crate::data) enum Node {
    /// `null`
    Nothing,
    /// A text, number, `true` or `false`.
    Text(String),
    List(Vec<Node>),
    Object(BTreeMap<String, Node>),
}

/// A node and the way to it.
#[derive(Debug, Clone)]
pub(in crate::data) struct Place<'n> {
    node: Option<&'n Node>,
    path: String,
    names: &'n Names,
}

impl Node {
    /// Reads a JSON text.
    ///
    /// # Errors
    /// [`RequestError::NotJson`] and [`RequestError::TooDeep`].
    pub(in crate::data) fn parse(text: &str) -> Result<Node, RequestError> {
        let raw: &RawValue = serde_json::from_str(text).map_err(not_json)?;
        Node::read(raw, 0)
    }

    /// Whether it says nothing.
    fn is_blank(&self) -> bool {
        match self {
            Node::Nothing => true,
            Node::Text(text) => text.trim().is_empty(),
            Node::List(_) | Node::Object(_) => false,
        }
    }

    fn read(raw: &RawValue, depth: usize) -> Result<Node, RequestError> {
        if depth > DEPTH_MAX {
            return Err(RequestError::TooDeep(DEPTH_MAX));
        }
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let fields: BTreeMap<String, &RawValue> =
                    serde_json::from_str(text).map_err(not_json)?;
                let read = |(name, raw)| Ok((name, Node::read(raw, depth + 1)?));
                Node::Object(fields.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            Some(b'[') => {
                let nodes: Vec<&RawValue> = serde_json::from_str(text).map_err(not_json)?;
                let read = |raw| Node::read(raw, depth + 1);
                Node::List(nodes.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Node::Text(serde_json::from_str(text).map_err(not_json)?),
            Some(b'n') => Node::Nothing,
            _ => Node::Text(text.to_owned()),
        })
    }
}

impl<'n> Place<'n> {
    /// The whole, with fields of these names.
    pub(in crate::data) fn root(node: &'n Node, names: &'n Names) -> Self {
        Place {
            node: Some(node),
            path: String::new(),
            names,
        }
    }

    /// The way here: `input.data.patient_dtos[0].brdy`.
    pub(in crate::data) fn path(&self) -> &str {
        &self.path
    }

    /// A field by its national name; it may be missing.
    pub(in crate::data) fn field(&self, name: &str) -> Place<'n> {
        let called = self.names.called(name);
        let node = match self.node {
            Some(Node::Object(fields)) => match fields.get(called) {
                Some(told) if !told.is_blank() => Some(told),
                left_out => self.names.default(name).or(left_out),
            },
            _ => None,
        };
        let separator = if self.path.is_empty() { "" } else { "." };
        Place {
            node,
            path: format!("{}{separator}{called}", self.path),
            names: self.names,
        }
    }

    /// Whether an object has no fields but these.
    pub(in crate::data) fn has_only(&self, is_known: impl Fn(&str) -> bool) -> bool {
        match self.node {
            Some(Node::Object(fields)) => fields.keys().all(|name| is_known(name)),
            _ => true,
        }
    }

    /// The fields of an object that are there, in the order of their names; none where it is no object.
    pub(in crate::data) fn fields(&self) -> Vec<(&'n str, Place<'n>)> {
        match self.node {
            Some(Node::Object(fields)) => fields
                .keys()
                .map(|name| (name.as_str(), self.field(name)))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether anything but `null` stands here.
    pub(in crate::data) fn is_there(&self) -> bool {
        !matches!(self.node, None | Some(Node::Nothing))
    }

    /// Itself, where it is an object.
    pub(in crate::data) fn object(self) -> Result<Self, RequestError> {
        match self.node {
            Some(Node::Object(_)) => Ok(self),
            _ => Err(self.unexpected("an object")),
        }
    }

    /// The elements of a list of objects; none where it is missing or null.
    pub(in crate::data) fn list(&self) -> Result<Vec<Place<'n>>, RequestError> {
        let nodes = match self.node {
            None | Some(Node::Nothing) => return Ok(Vec::new()),
            Some(Node::List(nodes)) => nodes,
            Some(_) => return Err(self.unexpected("a list")),
        };
        let element = |(index, node)| {
            let mut path = self.path.clone();
            let _ = write!(path, "[{index}]");
            Place {
                node: Some(node),
                path,
                names: self.names,
            }
            .object()
        };
        nodes.iter().enumerate().map(element).collect()
    }

    /// The elements of a list that must not be empty.
    pub(in crate::data) fn filled_list(&self) -> Result<Vec<Place<'n>>, RequestError> {
        let elements = self.list()?;
        if elements.is_empty() {
            return Err(self.unexpected("a list with at least one element"));
        }
        Ok(elements)
    }

    /// The text of a field that may be missing: `None` where it is; empty where it is null or blank.
    pub(in crate::data) fn text(&self) -> Result<Option<&'n str>, RequestError> {
        match self.node {
            None => Ok(None),
            Some(Node::Nothing) => Ok(Some("")),
            Some(Node::Text(text)) => Ok(Some(text.trim())),
            Some(_) => Err(self.unexpected("a text or a number")),
        }
    }

    /// The texts of a list; none where it is missing or null.
    pub(in crate::data) fn texts(
        &self,
        expected: &'static str,
    ) -> Result<Vec<String>, RequestError> {
        let nodes = match self.node {
            None | Some(Node::Nothing) => return Ok(Vec::new()),
            Some(Node::List(nodes)) => nodes,
            Some(_) => return Err(self.unexpected(expected)),
        };
        let text = |node: &Node| match node {
            Node::Text(text) => Ok(text.clone()),
            _ => Err(self.unexpected(expected)),
        };
        nodes.iter().map(text).collect()
    }

    /// The text of a field that must be there.
    pub(in crate::data) fn required(
        &self,
        expected: &'static str,
    ) -> Result<&'n str, RequestError> {
        match self.text()? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(RequestError::Missing {
                path: self.path.clone(),
                expected,
            }),
        }
    }

    /// What stands here is something else.
    pub(in crate::data) fn unexpected(&self, expected: &'static str) -> RequestError {
        let path = match self.path.as_str() {
            "" => "the request".to_owned(),
            path => path.to_owned(),
        };
        match self.node {
            None => RequestError::Missing { path, expected },
            Some(_) => RequestError::Unexpected { path, expected },
        }
    }
}

fn not_json(error: serde_json::Error) -> RequestError {
    RequestError::NotJson {
        line: error.line(),
        column: error.column(),
    }
}

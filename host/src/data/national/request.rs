//! The envelope of a request, and what it asks.

use std::sync::Arc;

use rulepack_contract::data::DataBuilder;
use rulepack_contract::review::Stage;
use rulepack_contract::units;

use super::names::Names;
use super::node::{Node, Place};
use super::region::Region;
use super::{Message, rows};
use crate::data::call::{Brought, Call, RequestError};

/// A request whose envelope is sound.
#[derive(Debug)]
pub struct Request {
    /// 3101 or 3102.
    pub transaction: Transaction,
    /// 发送方报文ID, which the answer refers to.
    pub msgid: String,
    /// 就医地医保区划: division code of the place of care.
    pub care_division: String,
    /// 定点医药机构编号.
    pub institution: String,
    /// Seconds from 1970-01-01, China Standard Time: when the request was made (inf_time).
    pub made: i64,
    /// 触发场景 (trig_scen); several are written with commas between.
    pub scenes: Vec<String>,
    /// 任务ID, which the answer repeats.
    pub task: String,
    node: Node,
    names: Arc<Names>,
}

/// Which of the transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// 3101 明细审核事前分析.
    Before,
    /// 3102 明细审核事中分析.
    During,
}

impl Request {
    /// Reads the envelope as a region writes it.
    ///
    /// # Errors
    /// [`RequestError`] where the text is no JSON, or the envelope lacks something.
    pub fn parse(text: &str, region: &Region) -> Result<Self, RequestError> {
        match Message::parse(text, region)? {
            Message::Review(request) => Ok(request),
            Message::Feedback(_) => Err(RequestError::Unexpected {
                path: "infno".to_owned(),
                expected: "the number of a transaction that is reviewed",
            }),
        }
    }

    pub(super) fn read(
        node: Node,
        names: Arc<Names>,
        transaction: Transaction,
    ) -> Result<Self, RequestError> {
        let root = Place::root(&node, &names).object()?;
        let required = |name: &str, expected| {
            let place = root.field(name);
            place.required(expected).map(str::to_owned)
        };
        let time = root.field("inf_time");
        let expected = units::expectation(rulepack_contract::schema::Kind::Instant);
        let made = units::parse_instant(time.required(expected)?).map_err(|problem| {
            RequestError::Value {
                path: time.path().to_owned(),
                problem,
                expected,
            }
        })?;
        let data = root.field("input").object()?.field("data").object()?;
        let scenes = data.field("trig_scen").text()?.unwrap_or_default();
        let scenes = scenes
            .split(',')
            .map(str::trim)
            .filter(|scene| !scene.is_empty());
        Ok(Request {
            transaction,
            msgid: required("msgid", "the id of the message")?,
            care_division: required("mdtrtarea_admvs", "the division code of the place of care")?,
            institution: required("fixmedins_code", "the code of the institution")?,
            made,
            scenes: scenes.map(str::to_owned).collect(),
            task: data.field("task_id").text()?.unwrap_or_default().to_owned(),
            node,
            names,
        })
    }

    fn data(&self) -> Place<'_> {
        Place::root(&self.node, &self.names)
            .field("input")
            .field("data")
    }
}

impl Call for Request {
    fn infno(&self) -> &'static str {
        match self.transaction {
            Transaction::Before => "3101",
            Transaction::During => "3102",
        }
    }

    fn stage(&self) -> Stage {
        self.transaction.stage()
    }

    fn scenes(&self) -> &[String] {
        &self.scenes
    }

    fn care_division(&self) -> Option<&str> {
        Some(&self.care_division)
    }

    /// The interface has none.
    fn period(&self) -> Option<(i32, i32)> {
        None
    }

    fn wants_history(&self) -> bool {
        true
    }

    /// patn_id
    fn patients(&self) -> Result<Vec<&str>, RequestError> {
        let patients = self.data().field("patient_dtos").filled_list()?;
        patients
            .iter()
            .map(|patient| patient.field("patn_id").required(rows::KEY))
            .collect()
    }

    fn fill(&self, builder: &mut DataBuilder) -> Result<Brought, RequestError> {
        rows::fill(&self.data(), self.transaction, builder)
    }
}

impl Transaction {
    /// When in the course of care it is called.
    #[must_use]
    pub fn stage(self) -> Stage {
        match self {
            Transaction::Before => Stage::Before,
            Transaction::During => Stage::During,
        }
    }
}

//! The envelope of an answer (national interface, 3101 to 3103).

use rulepack_contract::units;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// What is sent back. Texts are cut to what the interface allows by [`Region`](super::Region).
#[derive(Debug, Clone, Serialize)]
pub struct Response {
    /// 交易状态码: 0 done, -1 failed.
    pub infcode: i32,
    /// 接收方报文ID: receiver's division (6), time (14), number (10).
    pub inf_refmsgid: String,
    /// 接收报文时间, `yyyyMMddHHmmssSSS`.
    pub refmsg_time: String,
    /// 响应报文时间, `yyyyMMddHHmmssSSS`.
    pub respond_time: String,
    /// 加密方式: none, so empty.
    pub enctype: String,
    /// 签名类型: none, so empty.
    pub signtype: String,
    /// 错误信息; empty where it is done. Never a value of the request.
    pub err_msg: String,
    /// What was found; null where it failed, and in the answer to a 3103.
    pub output: Option<Output>,
}

/// 输出.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Output {
    /// One element a finding; empty where nothing was found.
    pub result: Vec<Finding>,
    /// A JSON object with what the interface has no field for; a system that does not know it passes over
    /// it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rulepack: Option<Box<RawValue>>,
}

/// 违规结果.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// 违规标识, which 3103 refers to.
    pub jr_id: String,
    /// 规则ID
    pub rule_id: String,
    /// 规则名称
    pub rule_name: String,
    /// 违规内容
    pub vola_cont: String,
    /// 参保人标识
    pub patn_id: String,
    /// 就诊标识
    pub mdtrt_id: String,
    /// 违规明细
    pub judge_result_detail_dtos: Vec<Detail>,
    /// 违规金额
    pub vola_amt: Amount,
    /// 违规金额计算状态
    pub vola_amt_stas: String,
    /// 严重程度
    pub sev_deg: String,
    /// 违规依据
    pub vola_evid: String,
    /// 违规行为分类
    pub vola_bhvr_type: String,
    /// 任务ID
    pub task_id: String,
}

/// 违规明细: one line that is at fault or explains the fault.
#[derive(Debug, Clone, Serialize)]
pub struct Detail {
    /// 违规明细标识
    pub jrd_id: String,
    /// 参保人标识
    pub patn_id: String,
    /// 就诊标识
    pub mdtrt_id: String,
    /// 处方(医嘱)标识
    pub rx_id: String,
    /// 违规项 or 涉及项.
    pub vola_item_type: ItemType,
    /// 违规金额
    pub vola_amt: Amount,
}

/// 违规项目类型.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ItemType {
    /// 违规项
    #[serde(rename = "1")]
    Offending,
    /// 涉及项
    #[serde(rename = "2")]
    Related,
}

/// Fen, written as a JSON number in CNY with two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub i64);

impl Response {
    /// An answer that something went wrong; `message` is cut to the 200 characters that the interface has.
    #[must_use]
    pub fn failure(message: &str) -> Self {
        const CHARACTERS_MAX: usize = 200;
        Response {
            infcode: -1,
            inf_refmsgid: String::new(),
            refmsg_time: String::new(),
            respond_time: String::new(),
            enctype: String::new(),
            signtype: String::new(),
            err_msg: message.chars().take(CHARACTERS_MAX).collect(),
            output: None,
        }
    }

    /// An answer with what was found.
    #[must_use]
    pub fn found(result: Vec<Finding>) -> Self {
        Response {
            infcode: 0,
            inf_refmsgid: String::new(),
            refmsg_time: String::new(),
            respond_time: String::new(),
            enctype: String::new(),
            signtype: String::new(),
            err_msg: String::new(),
            output: Some(Output {
                result,
                rulepack: None,
            }),
        }
    }

    /// An answer that what was asked is done, and that there is nothing to say of it.
    #[must_use]
    pub fn done() -> Self {
        Response {
            output: None,
            ..Response::found(Vec::new())
        }
    }

    /// With the receiver's id of the message and the times of receipt and answer, in milliseconds from
    /// 1970-01-01 China Standard Time. `number` tells messages of one second apart.
    #[must_use]
    pub fn stamped(mut self, division: &str, received: i64, responded: i64, number: u64) -> Self {
        let number = number % 10_000_000_000;
        let (time, _) = digits(responded);
        self.inf_refmsgid = format!("{division:0<6}{time}{number:010}");
        let full = |milliseconds| {
            let (time, rest) = digits(milliseconds);
            format!("{time}{rest:03}")
        };
        self.refmsg_time = full(received);
        self.respond_time = full(responded);
        self
    }
}

/// `yyyyMMddHHmmss`, and the milliseconds beyond.
fn digits(milliseconds: i64) -> (String, i64) {
    let time = units::format_instant(milliseconds.div_euclid(1_000));
    let time = time.chars().filter(char::is_ascii_digit).collect();
    (time, milliseconds.rem_euclid(1_000))
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = units::format_decimal(self.0, 2);
        RawValue::from_string(text)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

//! What a host makes of a version, in the words of both languages.

/// The words of one language.
#[derive(Debug)]
pub(super) struct States {
    pub(super) in_force: &'static str,
    pub(super) ready: &'static str,
    pub(super) waiting: &'static str,
    pub(super) put_aside: &'static str,
    pub(super) refused: &'static str,
    pub(super) withdrawn: &'static str,
    pub(super) unfollowed: &'static str,
}

pub(super) const ENGLISH: States = States {
    in_force: "in force",
    ready: "ready",
    waiting: "waiting",
    put_aside: "put aside",
    refused: "refused",
    withdrawn: "withdrawn",
    unfollowed: "unfollowed",
};

pub(super) const CHINESE: States = States {
    in_force: "生效",
    ready: "就绪",
    waiting: "待批准",
    put_aside: "搁置",
    refused: "已拒绝",
    withdrawn: "已撤回",
    unfollowed: "不再订阅",
};

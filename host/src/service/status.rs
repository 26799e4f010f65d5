//! How the host is doing: packs, lock and last update, for programs and for people.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use rulepack_contract::units;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{CHINA_AHEAD_MS, Day};
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::tuf;
use serde::Serialize;

use super::{SECOND_MS, Service, faults};
use crate::findings::Overrides;
use crate::history::HistorySurvey;
use crate::html::escape;
use crate::lock::{Choice, Lock, LockedVersion, Purpose, State};
use crate::policy::Policy;
use crate::update::UpdateReport;
use crate::update::course::Stage;

/// What `GET /api/v1/status` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Status {
    /// Of the hospital.
    pub institution: String,
    /// Where it lies.
    pub division: String,
    /// Whether the packs in force are loaded.
    pub ready: bool,
    /// Digest of the lock in force.
    #[schema(value_type = String)]
    pub lock: Digest,
    /// Every version known.
    pub packs: Vec<PackStatus>,
    /// The last try to bring the packs up to date, where one was made since the start.
    pub last_sync: Option<LastSync>,
    /// Files of this host that are damaged or cannot be read, and what is done meanwhile; empty where all is well.
    pub faults: Vec<String>,
    /// What is known of patients from imports and earlier requests.
    pub history: HistorySurvey,
    /// What the hospital decided itself about rules and faults.
    #[schema(value_type = Object)]
    pub policy: Policy,
    /// What clinicians decided, by rule version.
    pub overrides: Vec<Overrides>,
    /// Seconds since the registry last answered well, where it did since the start.
    pub refresh_age_seconds: Option<i64>,
    /// On an air-gapped host: how many days ago timestamp and snapshot of an import may have expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import_tolerance_days: Option<u16>,
}

/// A version of a pack.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PackStatus {
    /// Pack and version.
    #[schema(value_type = String)]
    pub pack: TargetPath,
    /// Of its bytes.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// What this host made of it.
    pub state: PackState,
    /// Why it is refused, held or cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The rule days that it is made for.
    #[schema(value_type = Object)]
    pub effective: tuf::Effective,
    /// Looks at requests of today.
    pub in_use: bool,
    /// The day from which nobody can put it off.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mandatory_by: Option<Day>,
    /// What came of the steps of its update; `/api/v1/packs` alone tells them.
    #[schema(value_type = Vec<Object>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
}

/// What a host made of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PackState {
    /// Passed every step.
    Active,
    /// Withdrawn by its bureau.
    Yanked,
    /// A step refused it.
    Refused,
    /// Passed every step, and waits for a person.
    Waiting,
    /// A person holds it back.
    Held,
    /// `host.toml` does not follow it any more.
    Unfollowed,
    /// In force, and cannot be used.
    Broken,
}

/// A try to bring the packs up to date.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LastSync {
    /// `2026-11-22 09:30:00`, China Standard Time.
    pub at: String,
    /// What changed, where the registry served anything new.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub report: Option<UpdateReport>,
    /// Why nothing could be updated; what is active goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Milliseconds from 1970-01-01 UTC of the last good try.
    #[serde(skip)]
    pub(super) succeeded_ms: Option<i64>,
}

impl Status {
    /// How the host is doing now.
    #[must_use]
    pub fn of(service: &Service) -> Self {
        let lock = service.lock.get();
        let last_sync = Option::clone(&service.last_sync.get());
        let succeeded = last_sync.as_ref().and_then(|sync| sync.succeeded_ms);
        let age = succeeded.map(|at| service.now_ms().saturating_sub(at).div_euclid(SECOND_MS));
        Status {
            institution: service.settings.institution.clone(),
            division: service.settings.division.to_string(),
            ready: service.ready.load(Ordering::Acquire),
            lock: lock.digest(),
            packs: lock
                .versions
                .iter()
                .map(|version| pack_status(service, &lock, version))
                .collect(),
            last_sync,
            faults: faults::told(service),
            history: history(service),
            policy: service.policy.get().as_ref().clone(),
            overrides: service.findings.overrides(),
            refresh_age_seconds: age,
            import_tolerance_days: service
                .settings
                .air_gap
                .map(|air_gap| air_gap.tolerance_days.days()),
        }
    }
}

fn history(service: &Service) -> HistorySurvey {
    let view = service.today().map(|today| service.seen.view(today));
    service.history.get().survey(view.as_ref())
}

fn pack_status(service: &Service, lock: &Lock, version: &LockedVersion) -> PackStatus {
    let chosen = service
        .today()
        .map(|today| lock.choose(version.path.pack(), today, Purpose::Service));
    let is_chosen = matches!(chosen, Some(Choice::Version { version: other, .. })
        if other.path == version.path);
    let problem = service.broken.get().get(&version.path).copied();
    let (state, reason) = match (&version.state, version.status, problem) {
        (_, tuf::Status::Yanked, _) => (PackState::Yanked, None),
        (State::Refused { reason }, ..) => (PackState::Refused, Some(reason.clone())),
        (State::Waiting { reason }, ..) => (PackState::Waiting, Some(reason.clone())),
        (State::Held { reason }, ..) => (PackState::Held, Some(reason.clone())),
        (State::Unfollowed, ..) => (PackState::Unfollowed, None),
        (State::Active, _, Some(problem)) => (PackState::Broken, Some(problem.to_owned())),
        (State::Active, _, None) => (PackState::Active, None),
    };
    PackStatus {
        pack: version.path.clone(),
        digest: version.digest,
        in_use: is_chosen && state == PackState::Active,
        state,
        reason,
        effective: version.effective,
        mandatory_by: version.mandatory_by,
        stages: Vec::new(),
    }
}

impl LastSync {
    /// A try that ended now.
    pub(super) fn ended(service: &Service, result: Result<Option<UpdateReport>, String>) -> Self {
        let now = service.now_ms();
        let before = service
            .last_sync
            .get()
            .as_ref()
            .as_ref()
            .and_then(|sync| sync.succeeded_ms);
        let seconds = now.saturating_add(CHINA_AHEAD_MS).div_euclid(SECOND_MS);
        let succeeded_ms = if result.is_ok() { Some(now) } else { before };
        let (report, error) = match result {
            Ok(report) => (report, None),
            Err(error) => (None, Some(error)),
        };
        LastSync {
            at: units::format_instant(seconds),
            report,
            error,
            succeeded_ms,
        }
    }
}

/// Of the page: the policy for contents allows no style within it.
pub(super) const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem \
auto;padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;\
border-bottom:1px solid #ccc}code{font-size:.8em;word-break:break-all}\n";

/// The page for people, in Chinese and English, without any script.
pub(super) fn page(status: &Status) -> String {
    let mut rows = String::new();
    for pack in &status.packs {
        row(&mut rows, pack);
    }
    let sync = match &status.last_sync {
        None => "尚未更新 · not tried since the start".to_owned(),
        Some(LastSync {
            at,
            error: Some(error),
            ..
        }) => {
            format!("{at} 失败 · failed: {}", escape(error))
        }
        Some(LastSync { at, report, .. }) => {
            let report = report.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{at} 成功 · done {}", escape(&report))
        }
    };
    let ready = if status.ready {
        "就绪 · ready"
    } else {
        "正在加载 · loading packs"
    };
    let air_gap = status.import_tolerance_days.map(|days| {
        format!(
            "<p>物理隔离 · air-gapped: 导入容许过期 · imports may have expired {days} 天 · days</p>"
        )
    });
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>规则包运行状态 · \
         rulepack status</title><link rel=\"stylesheet\" href=\"/style.css\"></head><body><h1>规则包运行\
         状态 · Rule packs</h1><p>机构 · institution {} ({}) — {ready}</p><p>上次更新 · last update: \
         {sync}</p>{}<p>锁定文件 · lock <code>{}</code></p>{}{}<table><thead><tr><th>规则包 · pack</th><th>\
         状态 · state</th><th>施行 · effective</th><th>sha256</th></tr></thead><tbody>{rows}</tbody>\
         </table>{}</body></html>\n",
        escape(&status.institution),
        escape(&status.division),
        fault_lines(&status.faults),
        status.lock,
        history_line(&status.history),
        air_gap.unwrap_or_default(),
        decisions(&status.overrides),
    )
}

/// What is wrong with the files of the host, a line each.
fn fault_lines(faults: &[String]) -> String {
    let lines = faults
        .iter()
        .map(|fault| format!("<p>故障 · fault: {}</p>", escape(fault)));
    lines.collect()
}

/// What is known of patients, and what of it is damaged.
fn history_line(history: &HistorySurvey) -> String {
    let (imports, encounters) = (history.imports, history.encounters);
    let since = history.since.map(|day| format!(" ({day} 起 · since)"));
    let aside = history.set_aside.iter();
    let aside =
        aside.map(|name| format!("<br>损坏文件已隔离 · damaged, set aside: {}", escape(name)));
    let stopped = match history.stopped {
        true => {
            "<br>就诊记录未能保存 · the last encounter could not be kept; the next request tries again"
        }
        false => "",
    };
    format!(
        "<p>历史 · history: 导入 · imports {imports}，就诊 · encounters {encounters}{}{}{stopped}</p>",
        since.unwrap_or_default(),
        aside.collect::<String>()
    )
}

/// The table of decisions; nothing where nothing was found yet.
fn decisions(overrides: &[Overrides]) -> String {
    if overrides.is_empty() {
        return String::new();
    }
    let rows = overrides.iter().map(|rule| {
        let share = rule.share.map(|share| {
            let percent =
                rulepack_contract::units::format_short(i64::try_from(share).unwrap_or(0), 2);
            format!("{percent} %")
        });
        format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&rule.pack.to_string()),
            escape(&rule.rule),
            rule.findings,
            rule.continued,
            rule.changed,
            share.unwrap_or_default(),
        )
    });
    format!(
        "<h2>医师处理 · Decisions (3103)</h2><table><thead><tr><th>规则包 · pack</th><th>规则 · rule</th>\
         <th>发现 · findings</th><th>继续执行 · continued</th><th>返回修改 · changed</th><th>继续占比 · \
         overridden</th></tr></thead><tbody>{}</tbody></table>",
        rows.collect::<String>()
    )
}

fn row(rows: &mut String, pack: &PackStatus) {
    let state = match pack.state {
        PackState::Active if pack.in_use => "在用 · in use",
        PackState::Active => "可用，今日不适用 · not in force today",
        PackState::Yanked => "已撤回 · yanked",
        PackState::Refused => "已拒绝 · refused",
        PackState::Waiting => "待批准 · waiting for approval",
        PackState::Held => "暂停 · held",
        PackState::Unfollowed => "不再订阅 · not followed",
        PackState::Broken => "无法使用 · cannot be used",
    };
    let reason = pack
        .reason
        .as_deref()
        .map(|reason| format!(": {}", escape(reason)));
    let until = pack.effective.to.map(|day| format!(" – {day}"));
    let written = write!(
        rows,
        "<tr><td>{}</td><td>{state}{}</td><td>{}{}</td><td><code>{}</code></td></tr>",
        escape(&pack.pack.to_string()),
        reason.unwrap_or_default(),
        pack.effective.from,
        until.unwrap_or_default(),
        pack.digest,
    );
    written.expect("a text can always grow");
}

//! What changes of packs, name spaces and denials, and which version hosts then use.

use std::collections::{BTreeMap, BTreeSet};

use super::Summary;
use crate::names::{PackName, TargetPath};
use crate::tuf::in_force::Shift;
use crate::tuf::{Channel, Denials, InForce, RoleName, Status, Target, Targets};

impl Summary<'_> {
    pub(super) fn targets(&mut self, old: Option<&Targets>, new: &Targets) {
        let kind = match self.role {
            Some(RoleName::Space(name_space)) => format!("`{name_space}`"),
            _ => RoleName::TARGETS.to_string(),
        };
        self.header(&kind, old, new);
        let nothing = BTreeMap::new();
        let before = old.map_or(&nothing, |old| &old.targets);
        for (path, target) in &new.targets {
            self.target_change(path, before.get(path), target);
        }
        for path in before
            .keys()
            .filter(|path| !new.targets.contains_key(*path))
        {
            self.say(
                format!("removes {} `{path}`", noun(path).0),
                format!("删除{} `{path}`", noun(path).1),
            );
        }
        self.delegation_changes(old, new);
        self.denial_changes(
            old.and_then(|old| old.denials.as_ref()),
            new.denials.as_ref(),
        );
        if let Some(old) = old {
            self.shifts(old, new);
        }
        if old.map_or(!new.extra.is_empty(), |old| old.extra != new.extra) {
            self.say(
                "changes fields that this release does not know".to_owned(),
                "更改了本程序不认识的字段".to_owned(),
            );
        }
    }

    fn target_change(&mut self, path: &TargetPath, old: Option<&Target>, new: &Target) {
        let (what, in_chinese) = noun(path);
        let sha256 = new.hashes.sha256;
        let standing_now = self.standing(new);
        let Some(old) = old else {
            let length = new.length;
            self.say(
                format!("adds {what} `{path}`, {length} bytes, sha256 {sha256}, {standing_now}"),
                format!(
                    "新增{in_chinese} `{path}`，{length} 字节，sha256 {sha256}，{standing_now}"
                ),
            );
            return;
        };
        if (old.length, old.hashes) != (new.length, new.hashes) {
            let was = old.hashes.sha256;
            self.say(
                format!("REPLACES THE BYTES of {what} `{path}`: sha256 {was} becomes {sha256}"),
                format!("【注意】更换{in_chinese} `{path}` 的内容：sha256 由 {was} 变为 {sha256}"),
            );
        }
        let was = self.standing(old);
        if was != standing_now {
            self.say(
                format!("changes {what} `{path}`: {was} becomes {standing_now}"),
                format!("更改{in_chinese} `{path}`：由（{was}）变为（{standing_now}）"),
            );
        } else if old.custom != new.custom {
            self.say(
                format!("changes what is declared of {what} `{path}`"),
                format!("更改{in_chinese} `{path}` 的声明"),
            );
        }
        if let Some(reason) = new
            .custom
            .reason
            .as_ref()
            .filter(|_| old.custom != new.custom)
        {
            self.say(
                format!("WITHDRAWS {what} `{path}`, since: {reason}"),
                format!("【撤回】{in_chinese} `{path}`，理由：{reason}"),
            );
        }
    }

    fn standing(&self, target: &Target) -> String {
        let custom = &target.custom;
        let (from, published) = (custom.effective.from, custom.published);
        let status = format!("{:?}", custom.status).to_lowercase();
        let channel = format!("{:?}", custom.channel).to_lowercase();
        let to = custom.effective.to.map(|day| day.to_string());
        let to_in_english = to.clone().unwrap_or_else(|| "open".to_owned());
        let to_in_chinese = to.unwrap_or_else(|| "不限".to_owned());
        let by = custom.mandatory_by;
        let by_in_english = by.map_or_else(String::new, |day| format!(", mandatory by {day}"));
        let by_in_chinese = by.map_or_else(String::new, |day| format!("，最迟 {day} 启用"));
        let status_in_chinese = match custom.status {
            Status::Active => "有效",
            Status::Yanked => "已撤回",
        };
        let channel_in_chinese = match custom.channel {
            Channel::Canary => "灰度",
            Channel::Stable => "正式",
        };
        self.language.pick(
            format!(
                "{status} in {channel}, in force from {from} to {to_in_english}, published \
                 {published}{by_in_english}"
            ),
            format!(
                "{status_in_chinese}，{channel_in_chinese}，执行期 {from} 至 {to_in_chinese}，发布日 \
                 {published}{by_in_chinese}"
            ),
        )
    }

    fn delegation_changes(&mut self, old: Option<&Targets>, new: &Targets) {
        let names = |targets: &Targets| -> BTreeSet<_> {
            let roles = targets
                .delegations
                .iter()
                .flat_map(|delegations| &delegations.roles);
            roles.map(|role| role.name.clone()).collect()
        };
        let before = old.map(names).unwrap_or_default();
        let after = names(new);
        for name in &after {
            let Some(now) = new.authority(name) else {
                continue;
            };
            let earlier = old.and_then(|old| old.authority(name));
            let what = self
                .language
                .pick(format!("name space `{name}`"), format!("命名空间 `{name}`"));
            self.authority(&what, earlier.as_ref(), &now);
            let paths = |targets: &Targets| {
                targets
                    .delegation(name)
                    .map(|role| (role.paths.clone(), role.terminating))
            };
            if before.contains(name) && old.and_then(paths) != paths(new) {
                self.say(
                    format!("changes the paths of name space `{name}`"),
                    format!("更改命名空间 `{name}` 的路径"),
                );
            }
        }
        for name in before.difference(&after) {
            self.say(
                format!("REVOKES name space `{name}`"),
                format!("【终止授权】命名空间 `{name}`"),
            );
        }
    }

    fn denial_changes(&mut self, old: Option<&Denials>, new: Option<&Denials>) {
        let (none, none_too) = (Denials::default(), Denials::default());
        let (old, new) = (old.unwrap_or(&none), new.unwrap_or(&none_too));
        for digest in new.denied.difference(&old.denied) {
            let reason = new.reasons.get(digest);
            let since = reason.map_or_else(String::new, |reason| format!(", since: {reason}"));
            let because = reason.map_or_else(String::new, |reason| format!("，理由：{reason}"));
            self.say(
                format!("denies the pack with sha256 {digest}{since}"),
                format!("禁用 sha256 为 {digest} 的规则包{because}"),
            );
        }
        for digest in old.denied.difference(&new.denied) {
            self.say(
                format!("no longer lists the denied sha256 {digest} (hosts keep it denied)"),
                format!("不再列出被禁用的 sha256 {digest}（医院端继续禁用）"),
            );
        }
        for (pack, version) in &new.minimum {
            if old.minimum.get(pack) != Some(version) {
                self.say(
                    format!("forbids versions of `{pack}` below {version}"),
                    format!("禁用 `{pack}` 低于 {version} 的版本"),
                );
            }
        }
        for pack in old
            .minimum
            .keys()
            .filter(|pack| !new.minimum.contains_key(*pack))
        {
            self.say(
                format!("no longer lists a minimum version of `{pack}` (hosts keep it)"),
                format!("不再列出 `{pack}` 的最低版本（医院端继续执行）"),
            );
        }
    }

    /// What hosts use instead, where a published version is changed or denied.
    fn shifts(&mut self, old: &Targets, new: &Targets) {
        let is_changed = |path: &&TargetPath| {
            let changed = old.targets.get(*path) != new.targets.get(*path);
            changed || old.denials != new.denials
        };
        let packs: BTreeSet<&PackName> = old
            .targets
            .keys()
            .filter(is_changed)
            .map(TargetPath::pack)
            .collect();
        for pack in packs {
            let all = old.shifts(new, pack, Channel::Stable);
            for shift in &all {
                self.shift(pack, shift, ("hosts", "医院端"));
            }
            let first_wave = old.shifts(new, pack, Channel::Canary);
            for shift in first_wave.iter().filter(|shift| !all.contains(shift)) {
                self.shift(
                    pack,
                    shift,
                    ("hosts of the first wave", "灰度范围内的医院端"),
                );
            }
        }
    }

    fn shift(&mut self, pack: &PackName, shift: &Shift<'_>, (who, who_in_chinese): (&str, &str)) {
        let Shift {
            from,
            to,
            before,
            after,
        } = shift;
        let days = to.map_or_else(|| "on".to_owned(), |to| format!("to {to}"));
        let days_in_chinese = to.map_or_else(|| "起".to_owned(), |to| format!("至 {to}"));
        let version = |in_force: &InForce<'_>| match in_force {
            InForce::Version(path) => Some(path.version().to_string()),
            InForce::Withdrawn(_) | InForce::Nothing => None,
        };
        let was = version(before).unwrap_or_else(|| "none".to_owned());
        let was_in_chinese = version(before).unwrap_or_else(|| "无".to_owned());
        match version(after) {
            Some(now) => self.say(
                format!("on rule days from {from} {days}, {who} use {now} of `{pack}` (before: {was})"),
                format!(
                    "规则日 {from} {days_in_chinese}，{who_in_chinese}使用 `{pack}` {now}\
                     （原为 {was_in_chinese}）"
                ),
            ),
            None if pack.is_overlay() => self.say(
                format!(
                    "on rule days from {from} {days}, {who} use NO VERSION of `{pack}` (before: {was}): \
                     what the level below it sets is in force"
                ),
                format!(
                    "规则日 {from} {days_in_chinese}，{who_in_chinese}【无可用版本】`{pack}`\
                     （原为 {was_in_chinese}）：按上一级设定执行"
                ),
            ),
            None => self.say(
                format!(
                    "on rule days from {from} {days}, {who} use NO VERSION of `{pack}` (before: {was}): \
                     its rules are not evaluable until a higher version is published"
                ),
                format!(
                    "规则日 {from} {days_in_chinese}，{who_in_chinese}【无可用版本】`{pack}`\
                     （原为 {was_in_chinese}）：发布更高版本之前，其规则无法评估"
                ),
            ),
        }
    }
}

/// What stands at a path, in both languages.
fn noun(path: &TargetPath) -> (&'static str, &'static str) {
    match path.is_overlay() {
        true => ("overlay", "本地参数"),
        false => ("pack", "规则包"),
    }
}

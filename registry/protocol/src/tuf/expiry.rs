//! What expires soon: told to those who can renew it, while there is time.
//!
//! A key ends with the role that names it: the keys of `3703` with `37`, those of `37` with `targets`,
//! those of `targets` with the root. So whoever looks after a role is told of all roles above it too.

use std::fmt;

use serde::Serialize;

use super::{RoleName, TopRole};
use crate::moment::{Moment, SECONDS_OF_DAY};

/// How many days before its end a role is told of.
pub const WARNING_DAYS: i64 = 30;

/// A role that expires soon, or has expired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExpiryWarning {
    /// The role.
    pub role: RoleName,
    /// Its end.
    pub expires: Moment,
    /// Whole days until then; none where it is over.
    pub days_left: Option<i64>,
}

/// The roles that expire within [`WARNING_DAYS`] of `now`, in the order given, each once. Snapshot and
/// timestamp live for days only and are renewed by the registry's signer: they are passed over.
pub fn expiry_warnings(
    roles: impl IntoIterator<Item = (RoleName, Moment)>,
    now: Moment,
) -> Vec<ExpiryWarning> {
    let mut warnings: Vec<ExpiryWarning> = Vec::new();
    for (role, expires) in roles {
        let by_machine = matches!(role, RoleName::Top(TopRole::Snapshot | TopRole::Timestamp));
        let told = warnings.iter().any(|warning| warning.role == role);
        if by_machine || told || expires > now.plus_days(WARNING_DAYS) {
            continue;
        }
        let left = expires.unix() - now.unix();
        warnings.push(ExpiryWarning {
            role,
            expires,
            days_left: (left > 0).then_some(left / SECONDS_OF_DAY),
        });
    }
    warnings
}

impl fmt::Display for ExpiryWarning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, expires, .. } = self;
        match self.days_left {
            None => write!(formatter, "`{role}` has expired, on {expires}")?,
            Some(days) => write!(formatter, "`{role}` expires in {days} days, on {expires}")?,
        }
        let names = match role {
            RoleName::Top(TopRole::Root) => ", and with it every key",
            RoleName::Top(_) => ", and with it the keys of every name space",
            RoleName::Space(_) => "",
        };
        write!(
            formatter,
            "{names}: its officers have to sign a new version"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(role: &str, expires: &str) -> Vec<String> {
        let now = "2027-01-01T00:00:00Z".parse().unwrap();
        let roles = [(role.parse().unwrap(), expires.parse().unwrap())];
        let warnings = expiry_warnings(roles, now);
        warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_role_is_told_of_thirty_days_before_its_end_and_after_it() {
        assert_eq!(told("37", "2027-01-31T00:00:01Z"), Vec::<String>::new());
        assert_eq!(
            told("37", "2027-01-31T00:00:00Z"),
            [
                "`37` expires in 30 days, on 2027-01-31T00:00:00Z: its officers have to sign a new version"
            ]
        );
        assert_eq!(
            told("targets", "2027-01-01T00:00:01Z"),
            [
                "`targets` expires in 0 days, on 2027-01-01T00:00:01Z, and with it the keys of every name \
              space: its officers have to sign a new version"
            ]
        );
        assert_eq!(
            told("root", "2027-01-01T00:00:00Z"),
            [
                "`root` has expired, on 2027-01-01T00:00:00Z, and with it every key: its officers have to \
              sign a new version"
            ]
        );
    }

    #[test]
    fn what_the_signer_renews_by_itself_is_not_told() {
        assert_eq!(
            told("timestamp", "2027-01-01T00:00:00Z"),
            Vec::<String>::new()
        );
        assert_eq!(
            told("snapshot", "2027-01-02T00:00:00Z"),
            Vec::<String>::new()
        );
    }
}

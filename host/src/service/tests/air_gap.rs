//! What the status of a host without a network says of its tolerance.

use super::super::status::{Status, page};
use super::server::service;
use crate::settings::AirGap;

#[test]
fn the_tolerance_of_an_air_gapped_host_stands_in_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = service(&folder);
    let line = "imports may have expired 30 天 · days";
    let status = Status::of(&service);
    assert_eq!(status.import_tolerance_days, None);
    assert!(!page(&status).contains(line));

    service.settings.air_gap = Some(AirGap::default());
    let status = Status::of(&service);
    assert_eq!(status.import_tolerance_days, Some(30));
    assert!(page(&status).contains(line));
}

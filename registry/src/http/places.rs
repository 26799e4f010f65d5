//! Who may upload how much at once (T11).
//!
//! Until its roles are verified, an upload is anybody's: it is bounded by number, by address of the
//! sender, and by time. From then on it is a bureau's, and bounded by bureau: what one bureau sends,
//! and how long its packs take, is no delay for another one.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rulepack_protocol::tuf::RoleName;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Settings;
use super::kind::Kind;

/// The places of a server.
pub(super) struct Places {
    settings: Settings,
    unverified: Arc<Semaphore>,
    senders: Arc<Mutex<HashMap<IpAddr, usize>>>,
    bodies: Arc<Semaphore>,
    bureaus: Mutex<HashMap<RoleName, Bureau>>,
}

/// What one bureau does at once.
#[derive(Clone)]
struct Bureau {
    bodies: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

/// The place of an upload whose roles are not verified yet; given back when dropped.
pub(super) struct Unverified {
    _place: OwnedSemaphorePermit,
    sender: Option<IpAddr>,
    senders: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// Places that are given back when dropped.
pub(super) type Held = Vec<OwnedSemaphorePermit>;

impl Places {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            unverified: Arc::new(Semaphore::new(settings.unverified_at_once)),
            senders: Arc::default(),
            bodies: Arc::new(Semaphore::new(settings.uploads_at_once)),
            bureaus: Mutex::default(),
        }
    }

    /// A place to send roles from this address, if there is one.
    pub(super) fn unverified(&self, sender: Option<IpAddr>) -> Result<Unverified, Kind> {
        let place = Arc::clone(&self.unverified).try_acquire_owned();
        let place = place.map_err(|_| Kind::BUSY)?;
        let sender = sender.map(network);
        if let Some(sender) = sender {
            let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
            let count = senders.entry(sender).or_default();
            if *count >= self.settings.unverified_of_one_sender {
                return Err(Kind::BUSY);
            }
            *count += 1;
        }
        Ok(Unverified {
            _place: place,
            sender,
            senders: Arc::clone(&self.senders),
        })
    }

    /// A place in memory for the whole body of an upload that these roles' officers signed, until it is
    /// published. A bureau that has one already gets another only while half of all are free, so that a few
    /// bureaus whose packs are slow do not fill them.
    pub(super) fn body(&self, roles: &BTreeSet<RoleName>) -> Result<Held, Kind> {
        // Locked to the end, or two uploads at once would both see the same free half.
        let mut bureaus = self.bureaus();
        let mut held = Held::new();
        let mut is_first = true;
        for role in roles {
            let places = self.bureau(&mut bureaus, role).bodies;
            is_first &= places.available_permits() == self.settings.uploads_of_one_bureau;
            held.push(places.try_acquire_owned().map_err(|_| Kind::BUSY)?);
        }
        if !is_first && self.bodies.available_permits() <= self.settings.uploads_at_once / 2 {
            return Err(Kind::BUSY);
        }
        let place = Arc::clone(&self.bodies).try_acquire_owned();
        held.push(place.map_err(|_| Kind::BUSY)?);
        Ok(held)
    }

    /// Waits for the turns of these roles, and for no other bureau's: who has a place in memory is checked
    /// beside all others that have one.
    pub(super) async fn turn(&self, roles: &BTreeSet<RoleName>) -> Result<Held, Kind> {
        let mut held = Held::new();
        // In the order of their names, so that no two uploads wait for each other.
        for role in roles {
            let turn = self.bureau(&mut self.bureaus(), role).turn;
            held.push(turn.acquire_owned().await.map_err(|_| Kind::BUSY)?);
        }
        Ok(held)
    }

    /// Waits until nothing is being published, and lets nothing begin any more.
    pub(super) async fn close(&self) {
        let places = u32::try_from(self.settings.uploads_at_once).unwrap_or(u32::MAX);
        let all_finished = self.bodies.acquire_many(places).await;
        self.bodies.close();
        drop(all_finished);
    }

    fn bureaus(&self) -> MutexGuard<'_, HashMap<RoleName, Bureau>> {
        self.bureaus.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Only roles whose officers have signed come here, so there are as many as there are bureaus.
    fn bureau(&self, bureaus: &mut HashMap<RoleName, Bureau>, role: &RoleName) -> Bureau {
        let bureau = bureaus.entry(role.clone()).or_insert_with(|| Bureau {
            bodies: Arc::new(Semaphore::new(self.settings.uploads_of_one_bureau)),
            turn: Arc::new(Semaphore::new(1)),
        });
        bureau.clone()
    }
}

impl Drop for Unverified {
    fn drop(&mut self) {
        let Some(sender) = self.sender else { return };
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = senders.get_mut(&sender) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                senders.remove(&sender);
            }
        }
    }
}

/// Who has one IPv6 address has a network of them: its first 64 bits count.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places::new(Settings {
            unverified_at_once: 3,
            unverified_of_one_sender: 2,
            uploads_at_once: 4,
            uploads_of_one_bureau: 2,
            ..Settings::default()
        })
    }

    fn role(name: &str) -> BTreeSet<RoleName> {
        [name.parse().unwrap()].into()
    }

    #[test]
    fn one_address_or_network_holds_a_part_of_the_places_and_gives_them_back() {
        let places = places();
        let from = |text: &str| places.unverified(Some(text.parse().unwrap()));
        let held = [from("2001:db8::1").unwrap(), from("2001:db8::2").unwrap()];
        assert_eq!(from("2001:db8::3").err(), Some(Kind::BUSY));
        let other = from("192.0.2.1").unwrap();
        assert_eq!(from("192.0.2.2").err(), Some(Kind::BUSY));
        drop((held, other));
        assert!(from("::ffff:192.0.2.1").is_ok());
        assert!(places.senders.lock().unwrap().is_empty());
    }

    #[test]
    fn one_bureau_holds_a_part_of_the_memory() {
        let places = places();
        let shandong = [
            places.body(&role("37")).unwrap(),
            places.body(&role("37")).unwrap(),
        ];
        assert_eq!(places.body(&role("37")).err(), Some(Kind::BUSY));
        let guangdong = places.body(&role("44")).unwrap();
        // The last half is for bureaus that have none yet.
        assert_eq!(places.body(&role("44")).err(), Some(Kind::BUSY));
        let guangxi = places.body(&role("45")).unwrap();
        assert_eq!(places.body(&role("46")).err(), Some(Kind::BUSY));
        drop((shandong, guangdong, guangxi));
        assert!(places.body(&role("37")).is_ok());
    }

    #[tokio::test]
    async fn a_bureau_waits_for_its_own_turn_and_for_no_other() {
        let places = Arc::new(places());
        let first = places.turn(&role("37")).await.unwrap();
        let waiting = {
            let places = Arc::clone(&places);
            tokio::spawn(async move { places.turn(&role("37")).await.map(drop) })
        };
        // Let it begin to wait.
        tokio::task::yield_now().await;
        let mut others = Vec::new();
        for name in ["44", "45", "46"] {
            others.push(places.turn(&role(name)).await.unwrap());
        }
        assert!(!waiting.is_finished());
        drop((first, others));
        assert_eq!(waiting.await.unwrap(), Ok(()));
    }
}

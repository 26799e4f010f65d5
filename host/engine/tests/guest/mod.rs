//! Guests written as WebAssembly text, made into components as packs are.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rulepack_contract::data::{Data, DataBuilder};
use rulepack_contract::review::{Review, Scope, Stage};
use rulepack_contract::schema::ids;
use rulepack_contract::units::NOT_RECORDED_S32;
use rulepack_engine::{Engine, Limits, LoadError, LoadInput, LoadedPack, Program};
use rulepack_protocol::pack::Manifest;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

/// Where a guest puts what it answers: memory there is zero, so an answer is empty and `Ok`. Its lists, each an
/// address and a length of 4 bytes: names at 1028, findings 1036, notices 1044, measures 1052, abstentions 1060,
/// items 1068, about 1076, arguments 1084, evidence 1092, missing 1100.
pub(crate) const ANSWER: u32 = 1024;

/// The parts of a guest that tests write.
#[derive(Default)]
pub(crate) struct Guest {
    /// Imports, globals, data and functions.
    pub(crate) items: &'static str,
    /// The body of `prepare`, before it returns `Ok`.
    pub(crate) prepare: &'static str,
    /// The body of `evaluate`, before it returns what stands at [`ANSWER`].
    pub(crate) evaluate: &'static str,
}

impl Guest {
    pub(crate) fn component(&self) -> Vec<u8> {
        let Guest {
            items,
            prepare,
            evaluate,
        } = self;
        let text = format!(
            r#"(module
              {items}
              (memory (export "memory") 2)
              (global $heap (mut i32) (i32.const 65536))
              (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (global.set $heap (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
                (local.set $at (global.get $heap))
                (global.set $heap (i32.add (global.get $heap) (local.get 3)))
                (local.get $at))
              (func (export "prepare") (result i32) {prepare} (i32.const 512))
              (func (export "evaluate") (result i32) {evaluate} (i32.const {ANSWER})))"#
        );
        component_of(&text)
    }

    pub(crate) fn load(&self) -> Result<LoadedPack, LoadError> {
        self.load_into(&engine(), &manifest())
    }

    /// Makes it ready in a sandbox that others use too.
    pub(crate) fn load_into(
        &self,
        engine: &Engine,
        manifest: &Manifest,
    ) -> Result<LoadedPack, LoadError> {
        let program = Program {
            component: &self.component(),
            manifest,
            tables: &BTreeMap::new(),
        };
        engine.load(program, LoadInput::default())
    }
}

/// A module written as text, made into a component as packs are.
pub(crate) fn component_of(text: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = wit_parser::Resolve::default();
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let wit = folders.find_map(|folder| {
        let wit = folder.join("wit");
        wit.join("world.wit").is_file().then_some(wit)
    });
    let wit = wit.unwrap();
    let (package, _) = resolve.push_dir(wit).unwrap();
    let world = resolve.select_world(&[package], Some("rule-pack")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let mut encoder = ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .unwrap();
    encoder.encode().unwrap()
}

pub(crate) fn engine() -> Engine {
    Engine::new(Limits {
        instances: 4,
        ..Limits::default()
    })
    .unwrap()
}

/// Two rules of patient scope and one of institution scope.
pub(crate) fn manifest() -> Manifest {
    let rule = |id: &str, scope: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\ntitle = \"t\"\nscope = \"{scope}\"\nstages = [\"after\"]\n\
             behaviour = \"行为类\"\nbasis = \"b\"\nneeds = [\"orders.supply-days\"]\n\
             messages = {{ m = \"x\" }}\n"
        )
    };
    let header = "[pack]\nname = \"37/test\"\nversion = \"1.0.0\"\ntitle = \"t\"\n\
         contract = \"rulepack:rules@0.1.0\"\nprofile = \"native\"\n\
         effective = { from = \"2024-01-04\" }\njurisdictions = [\"37\"]\n\
         [limits]\nfuel = { prepare = 100000000, alone = 10000000, base = 1000000, per_row = 20000 }\n\
         memory_mib = 2\n";
    let text = [header, &rule("A", "patient"), &rule("I", "institution")].concat();
    Manifest::from_toml(&text).unwrap()
}

/// So many patients with one encounter under review and one order each. The item of an order is `item`
/// followed by the number of the patient.
pub(crate) fn data(patients: u32) -> Arc<Data> {
    let mut builder = DataBuilder::new();
    let column =
        |table: rulepack_contract::schema::TableId, name| table.table().column(name).unwrap();
    for patient in 0..patients {
        let key = format!("P{patient:04}");
        builder.push(ids::PATIENTS, 1, &key, []);
        let owner = (column(ids::ENCOUNTERS, "patients"), key.as_str());
        let current = (column(ids::ENCOUNTERS, "current"), "1");
        builder.push(ids::ENCOUNTERS, 1, &key, [owner, current]);
        let item = format!("item{patient:04}");
        let owner = (column(ids::ORDERS, "encounters"), key.as_str());
        let item = (column(ids::ORDERS, "items"), item.as_str());
        builder.push(ids::ORDERS, 1, &key, [owner, item]);
    }
    let (data, rejections) = builder.finish();
    assert_eq!(rejections, []);
    Arc::new(data)
}

pub(crate) fn review() -> Review {
    Review {
        stage: Stage::After,
        scope: Scope::Patient,
        scenes: Vec::new(),
        today: 20_000,
        jurisdiction: "370303".into(),
        period: (NOT_RECORDED_S32, NOT_RECORDED_S32),
    }
}

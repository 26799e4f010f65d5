//! Lists that columns are put into on their way to an instance, used again for the next column: asking the
//! system for room costs more than filling it.

use std::sync::Arc;

use rulepack_contract::data::Slice;
use wasmtime::component::{Lift, Lower};

/// A list for each layout. Shared only while a column is lowered.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    flags: Arc<Vec<u8>>,
    numbers: Arc<Vec<u32>>,
    small: Arc<Vec<i32>>,
    large: Arc<Vec<i64>>,
}

/// A layout of columns.
pub(crate) trait Element: Copy + Send + Sync + Lower + Lift + 'static {
    /// The list for it.
    fn list(lists: &mut Lists) -> &mut Arc<Vec<Self>>;

    /// The values of a column of this layout.
    fn values(slice: Slice<'_>) -> Option<&[Self]>;
}

/// Implements [`Element`] for each layout.
macro_rules! layouts {
    ($($element:ty, $variant:ident, $list:ident;)*) => { $(
        impl Element for $element {
            fn list(lists: &mut Lists) -> &mut Arc<Vec<Self>> {
                &mut lists.$list
            }

            fn values(slice: Slice<'_>) -> Option<&[Self]> {
                match slice {
                    Slice::$variant(values) => Some(values),
                    _ => None,
                }
            }
        }
    )* };
}

layouts! {
    u8, U8, flags;
    u32, U32, numbers;
    i32, S32, small;
    i64, S64, large;
}

//! What a host says to a person, as a code with its values: beside the same in English, for a page that says it in its reader's
//! language. Who does not know a code shows the English words.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A sentence.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Phrase {
    /// What is said; new ones may come.
    #[n(0)]
    pub code: String,
    /// What goes into it, by name; numbers in decimal digits. What a process, a file or a user is called may have any characters.
    #[n(1)]
    pub values: BTreeMap<String, String>,
}

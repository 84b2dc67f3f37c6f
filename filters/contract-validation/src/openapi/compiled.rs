//! Schemas that were compiled, for as long as they are used.

use std::rc::Rc;

use crate::schema::Compiled;

use super::document::Contract;
use super::view::{Direction, Hidden, SchemaRef};

impl Contract {
    /// A schema for one direction, compiled. `None` where it does not compile, which only happens
    /// in a document that is too large to be compiled as it is read.
    pub(crate) fn schema(
        &self,
        schema: &SchemaRef,
        direction: Direction,
        hidden: Hidden,
    ) -> Option<Rc<Compiled>> {
        let view = self.view(schema, direction, hidden);
        Compiled::of(&view.schema).ok().map(Rc::new)
    }
}

//! Calls of `getattr` and `functools.partial`: when they are harmless and when they are not.
//!
//! Python itself writes them. Before protocol 4 a class inside a class is `getattr(Outer, "Inner")`,
//! bound methods and, of some versions, members of an enum are pickled so; `partial` keeps a function
//! with some of its arguments. None of it is done here: the object stays opaque. But they are also how
//! a pickle reaches what it must not name. So the way that `getattr` takes is judged like a dotted
//! name, and what it finds on an object, or what `partial` made, may be kept but not called.

use super::calls::refused;
use super::machine::{Machine, Step};
use super::{Id, Node, globals};

/// Longest chain of `getattr` in `getattr`, most parts of a way, and most bytes of it.
const LONGEST_CHAIN: usize = 8;
const MOST_PARTS: usize = 16;
const LONGEST_WAY: usize = 1024;

/// What an attribute is looked up on.
enum Way {
    /// A class, function or module that the pickle names, and the attributes on the way.
    Named { module: String, name: String },
    /// Something made by the pickle; the text shows the attributes on the way.
    Made(String),
}

impl Machine<'_> {
    /// Refuses a call that could do harm by what it is called on.
    pub(super) fn judge(&mut self, callable: Id, args: Id) -> Step<()> {
        if self.is_getattr(callable) {
            return self.attribute(args);
        }
        let Node::Object(object) = &self.nodes[callable.index()] else { return Ok(()) };
        let (inner, inner_args) = (object.callable, object.args);
        if self.is_partial(inner) {
            return refused("functools.partial(…)(…)");
        }
        if self.is_getattr(inner) {
            return match self.way(inner_args, LONGEST_CHAIN) {
                // A class inside a class, which protocol 4 names with a dot.
                Some(Way::Named { .. }) => Ok(()),
                Some(Way::Made(shown)) => refused(&globals::shown(&shown, "(…)")),
                None => refused("getattr(…)(…)"),
            };
        }
        Ok(())
    }

    /// Refuses a pickle that hands `getattr` on as a value: what it would be called with is out of
    /// sight.
    pub(super) fn judge_values(&self, root: Id) -> Step<()> {
        let given = |id: &Id| self.is_getattr(*id);
        let named = self.globals.iter().any(|global| global.name == "getattr");
        let hands_on = |node: &Node| match node {
            Node::List(items) | Node::Set(items) => items.iter().any(given),
            Node::Tuple(items) | Node::FrozenSet(items) => items.iter().any(given),
            Node::Dict(pairs) => pairs.iter().any(|(key, value)| given(key) || given(value)),
            Node::Persid(id) => given(id),
            Node::Object(object) => {
                let pairs = || object.pairs.iter().flat_map(|(key, value)| [key, value]);
                object.state.iter().chain(&object.items).chain(pairs()).any(given)
            }
            _ => false,
        };
        if named && (given(&root) || self.nodes.iter().any(hands_on)) {
            return refused("builtins.getattr as a value");
        }
        Ok(())
    }

    /// Judges a call of `getattr` and notes it.
    fn attribute(&mut self, args: Id) -> Step<()> {
        let (path, shown, attributes) = match self.way(args, LONGEST_CHAIN) {
            Some(Way::Named { module, name }) => {
                let shown = globals::shown(&module, &name);
                // Of the module only the whole can tell, as where it is named by itself.
                (format!("{module}.{name}"), shown, name)
            }
            Some(Way::Made(path)) => (String::new(), globals::shown("…", &path), path),
            None => return refused("getattr with a name that is made, not written"),
        };
        let whole = if path.is_empty() { format!("….{attributes}") } else { path.clone() };
        let parts = attributes.split('.').take(MOST_PARTS + 1);
        if whole.len() > LONGEST_WAY || parts.count() > MOST_PARTS {
            return refused(&format!("getattr for {shown}, which is too long a way"));
        }
        if self.attributes_seen.contains(&whole) {
            return Ok(());
        }
        if globals::is_dangerous_path(&path)
            || attributes.split('.').any(globals::is_dangerous_part)
        {
            return refused(&format!("getattr for {shown}"));
        }
        self.charge(whole.len() + shown.len() + 256)?;
        self.attributes_seen.insert(whole);
        self.attributes.push(shown);
        Ok(())
    }

    /// The way that arguments of `getattr` describe; `None` where the name is no text, or the way
    /// too long.
    fn way(&self, args: Id, left: usize) -> Option<Way> {
        let Node::Tuple(parts) = &self.nodes[args.index()] else { return None };
        let (target, attribute) = match **parts {
            [target, attribute] | [target, attribute, _] => (target, attribute),
            _ => return None,
        };
        let attribute = String::from_utf8(self.name_bytes(attribute)?).ok()?;
        let way = match &self.nodes[target.index()] {
            Node::Global(index) => {
                let global = &self.globals[*index as usize];
                Way::Named { module: global.module.clone(), name: global.name.clone() }
            }
            Node::Object(object) if self.is_getattr(object.callable) => {
                self.way(object.args, left.checked_sub(1)?)?
            }
            _ => return Some(Way::Made(attribute)),
        };
        Some(match way {
            Way::Named { module, name } => {
                Way::Named { module, name: format!("{name}.{attribute}") }
            }
            Way::Made(path) => Way::Made(format!("{path}.{attribute}")),
        })
    }

    fn is_getattr(&self, id: Id) -> bool {
        self.is_function(id, &["builtins", "__builtin__"], "getattr")
    }

    fn is_partial(&self, id: Id) -> bool {
        self.is_function(id, &["functools", "_functools"], "partial")
            || self.is_function(id, &["functools"], "partialmethod")
    }

    fn is_function(&self, id: Id, modules: &[&str], name: &str) -> bool {
        let Node::Global(index) = &self.nodes[id.index()] else { return false };
        let global = &self.globals[*index as usize];
        global.name == name && modules.contains(&global.module.as_str())
    }
}

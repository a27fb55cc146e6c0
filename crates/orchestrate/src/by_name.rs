//! The files of a project by their names, listed when the first is asked for.

use std::{cell::OnceCell, collections::HashMap, fmt};

/// A list of paths that is made when it is needed, by the last part of each.
pub(crate) struct ByName<'l> {
    list: Box<dyn Fn() -> Vec<String> + 'l>,
    files: OnceCell<HashMap<String, Vec<String>>>,
}

impl<'l> ByName<'l> {
    pub(crate) fn of(list: impl Fn() -> Vec<String> + 'l) -> Self {
        Self { list: Box::new(list), files: OnceCell::new() }
    }

    /// The files that have the name of a path's file, in whatever folder.
    pub(crate) fn namesakes(&self, path: &str) -> &[String] {
        let files = self.files.get_or_init(|| {
            let mut by_name: HashMap<String, Vec<String>> = HashMap::new();
            for file in (self.list)() {
                by_name.entry(name(&file).to_owned()).or_default().push(file);
            }
            by_name
        });
        files.get(name(path)).map_or(&[], Vec::as_slice)
    }
}

impl fmt::Debug for ByName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByName").field("files", &self.files).finish_non_exhaustive()
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

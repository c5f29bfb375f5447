//! What tasks and objects are called.

use crate::execution::{Execution, Kind, ObjectId, Op, Site, TaskId};
use std::collections::BTreeMap;

/// The names of an execution's tasks and objects, no two alike.
#[derive(Debug)]
pub(crate) struct Names {
    tasks: Vec<String>,
    objects: Vec<String>,
}

impl Names {
    pub(crate) fn new(x: &Execution) -> Self {
        let objects = x.objects.iter().enumerate().map(|(number, object)| match &object.name {
            Some(name) => short(name),
            None => binding(object.site).unwrap_or_else(|| format!("{}-{number}", object.state.noun())),
        });
        Names { tasks: task_names(x), objects: apart(objects.collect()) }
    }

    pub(crate) fn task(&self, task: TaskId) -> &str {
        &self.tasks[task.index()]
    }

    pub(crate) fn object(&self, object: ObjectId) -> &str {
        &self.objects[object.index()]
    }

    /// What `op` is on: an object, or another task.
    pub(crate) fn target(&self, op: &Op) -> &str {
        match (op.kind, op.object) {
            (Kind::Poll { .. } | Kind::Pending { .. }, _) => "",
            (Kind::Join(task) | Kind::Unpark(task) | Kind::IsFinished(task), _) => self.task(task),
            (_, Some(object)) => self.object(object),
            (_, None) => "",
        }
    }

    pub(crate) fn into_tasks(self) -> Vec<String> {
        self.tasks
    }
}

/// The tasks' names, no two alike.
pub(crate) fn task_names(x: &Execution) -> Vec<String> {
    let name = |(number, task): (usize, &crate::execution::Task)| match &task.name {
        Some(name) => short(name),
        None => format!("thread-{number}"),
    };
    apart(x.tasks.iter().enumerate().map(name).collect())
}

/// Numbers the second and later of equal names: `worker`, `worker-2`.
pub(crate) fn apart(names: Vec<String>) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let taken: std::collections::BTreeSet<String> = names.iter().cloned().collect();
    names
        .into_iter()
        .map(|name| {
            loop {
                let count = seen.entry(name.clone()).or_insert(0);
                *count += 1;
                if *count == 1 {
                    break name;
                }
                let numbered = format!("{name}-{count}");
                if !taken.contains(&numbered) {
                    break numbered;
                }
            }
        })
        .collect()
}

/// Characters of a name that are kept.
const NAME_CHARS: usize = 60;

/// The front of a name that is longer than a line takes.
fn short(name: &str) -> String {
    match name.char_indices().nth(NAME_CHARS) {
        Some(_) => name.chars().take(NAME_CHARS - 1).chain(['…']).collect(),
        None => name.to_owned(),
    }
}

/// The name that an object is bound to where it is created: `let name = …` or `name: …`.
fn binding(site: Site) -> Option<String> {
    let line = crate::source::line(site.file(), site.line())?;
    let column = usize::try_from(site.column()).ok()?;
    let before: Vec<char> = line.chars().take(column.saturating_sub(1)).collect();
    bound_in(&before)
}

/// The name that what comes after this is bound to: the closest field or variable, from the inside out.
fn bound_in(before: &[char]) -> Option<String> {
    let at = |index: usize| before.get(index).copied();
    let (mut index, mut depth, mut is_sibling) = (before.len(), 0_usize, false);
    while index > 0 {
        index -= 1;
        let skip_to = |quote: char| before[..index].iter().rposition(|c| *c == quote);
        match before[index] {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' | '{' if depth > 0 => depth -= 1,
            // What this is in may be bound itself.
            '(' | '[' | '{' => is_sibling = false,
            // What a text, or a closure's parameters, say is nobody's name.
            quote @ ('"' | '|') => index = skip_to(quote)?,
            _ if depth > 0 => {}
            ',' => is_sibling = true,
            ':' if index > 0 && before[index - 1] == ':' => index -= 1,
            ':' if !is_sibling => return last_word(&before[..index]),
            '=' if at(index + 1) != Some('>') && !(index > 0 && "=!<>".contains(before[index - 1])) => {
                let text: String = before[..index].iter().collect();
                let (_, binding) = text.rsplit_once("let ")?;
                let binding = binding.trim().trim_start_matches("mut ");
                let name = binding.split(':').next().unwrap_or(binding).trim();
                return is_word(name).then(|| name.to_owned());
            }
            _ => {}
        }
    }
    None
}

fn last_word(text: &[char]) -> Option<String> {
    let text: String = text.iter().collect();
    let name = text.trim_end().rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next()?.to_owned();
    is_word(&name).then_some(name)
}

fn is_word(text: &str) -> bool {
    let word = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    word && !text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, name: Option<&str>) {
        assert_eq!(bound_in(&before.chars().collect::<Vec<_>>()).as_deref(), name, "{before}");
    }

    #[test]
    fn a_name_is_that_of_the_closest_binding() {
        check("let lock = ", Some("lock"));
        check("let mut lock: Mutex<u32> = Arc::new(", Some("lock"));
        check("let q = Arc::new(Queue { items: Mutex::new(Vec::new()), changed: ", Some("changed"));
        check("let q = Arc::new(Queue { items: ", Some("items"));
        check("    items: std::sync::Arc::new(", Some("items"));
        check("let pair = Arc::new((Mutex::new(false), ", Some("pair"));
        check("let pairs = Queue { pair: (Mutex::new(Item { size: 1 }), ", Some("pair"));
        check("let locks: Vec<_> = (0..2).map(|n: u32| ", Some("locks"));
        check("let (one, two) = (", None);
        check("match what { Some(_) => ", None);
        check("fn new(size: usize) -> Mutex<usize> { ", None);
        check("let named = make(\"a: b\", ", Some("named"));
        check("if one == two { ", None);
    }

    #[test]
    fn a_name_that_is_long_is_cut() {
        assert_eq!(short("worker"), "worker");
        assert_eq!(short(&"a".repeat(10_000)).chars().count(), NAME_CHARS);
    }
}

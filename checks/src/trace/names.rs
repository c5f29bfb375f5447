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
            Some(name) => name.to_string(),
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
        Some(name) => name.to_string(),
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

/// The name that an object is bound to where it is created: `let name = …` or `name: …`.
fn binding(site: Site) -> Option<String> {
    let line = crate::source::line(site.file(), site.line())?;
    let column = usize::try_from(site.column()).ok()?;
    let before: String = line.chars().take(column.saturating_sub(1)).collect();
    let name = |text: &str| {
        let text = text.trim().trim_start_matches("mut ");
        let text = text.split(':').next().unwrap_or(text).trim();
        let word = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
        (word && !text.starts_with(|c: char| c.is_ascii_digit())).then(|| text.to_owned())
    };
    if let Some((binding, _)) = before.rsplit_once('=')
        && let Some((_, binding)) = binding.rsplit_once("let ")
    {
        return name(binding);
    }
    // A field: the word before the last colon that is not part of a path.
    let fields = before.replace("::", "  ");
    let (field, _) = fields.rsplit_once(':')?;
    name(field.rsplit(|c: char| "{,( ".contains(c)).next()?)
}

//! What is std's: outside of an exploration, as a pointer, coerced; and that schedules with counts replay.

use super::{ALL, each};
use crate::cases::{Came, EXHAUSTIVE, chain, fails, holds, holds_within, under};
use raddle::sync::{Arc, Weak};
use raddle::{Outcome, thread};

pub(super) fn from_outside() -> Came {
    let outside = Arc::new(std::sync::Mutex::new(0));
    let theirs = Arc::clone(&outside);
    let said = holds(&chain(), move || {
        let here = Arc::clone(&theirs);
        let t = thread::spawn(move || *here.lock().unwrap() += 1);
        assert!(Arc::strong_count(&theirs) >= 2);
        t.join().unwrap();
    })?;
    if *outside.lock().unwrap() == 0 { Err("nothing was counted outside".into()) } else { Ok(said) }
}

pub(super) fn outlives() -> Came {
    let kept = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let theirs = std::sync::Arc::clone(&kept);
    let said = holds(&under(EXHAUSTIVE), move || {
        let a = Arc::new(3);
        let b = Arc::clone(&a);
        let t = thread::spawn(move || drop(b));
        let _ = Arc::strong_count(&a);
        theirs.lock().unwrap().push((Arc::downgrade(&a), a));
        t.join().unwrap();
    })?;
    let mut kept = kept.lock().unwrap();
    let (weak, last) = kept.pop().ok_or("nothing was kept")?;
    if Arc::strong_count(&last) != 1 || weak.upgrade().is_none_or(|again| *again != 3) {
        return Err("what is left of an execution is no `Arc`".into());
    }
    Ok(said)
}

pub(super) fn replays() -> Came {
    let program = || {
        let a = Arc::new(0);
        let b = Arc::clone(&a);
        let t = thread::spawn(move || drop(b));
        assert_eq!(Arc::strong_count(&a), 2);
        t.join().unwrap();
    };
    for engine in ALL {
        let Outcome::Fails(found) = under(*engine).run(program).map_err(|error| error.to_string())? else {
            return Err(format!("{engine} does not find it"));
        };
        let study = chain().study(program, &found, raddle::Effort::default()).map_err(|error| error.to_string())?;
        for schedule in [&found.schedule, &study.counterexample.schedule] {
            let text: raddle::Schedule = schedule.to_string().parse()?;
            let again = chain().replay(program, &text).map_err(|error| format!("{engine}: {error}"))?;
            if again.is_none_or(|again| again.verdict != found.verdict) {
                return Err(format!("{engine}: {schedule} does not replay"));
            }
        }
    }
    Ok("every schedule replays".into())
}

pub(super) fn coerced() -> Came {
    each(ALL, |checker| {
        fails(checker, "assertion", || {
            let a: Arc<dyn Fn() -> u32 + Send + Sync> = Arc::from_std(std::sync::Arc::new(|| 4));
            let b = Arc::clone(&a);
            let t = thread::spawn(move || assert_eq!(b(), 4));
            assert_eq!(a(), 4);
            assert_eq!(Arc::strong_count(&a), 2);
            t.join().unwrap();
        })
    })
}

pub(super) fn raw() -> Came {
    each(ALL, |checker| {
        fails(checker, "assertion", || {
            let a = Arc::new(4);
            let pointer = Arc::into_raw(Arc::clone(&a)).addr();
            let b = Arc::clone(&a);
            let t = thread::spawn(move || drop(b));
            assert_eq!(pointer, Arc::as_ptr(&a).addr());
            assert_eq!(Arc::strong_count(&a), 3);
            t.join().unwrap();
        })
    })
}

/// One task and no exploration: nothing of it can tell this from std's.
#[expect(unsafe_code, reason = "what is tried is raw")]
fn uses_everything() {
    let mut text: Arc<str> = Arc::from("text");
    assert_eq!(format!("{text} {text:?}"), "text \"text\"");
    assert!(text == Arc::from(String::from("text")) && text < Arc::from("u") && Arc::get_mut(&mut text).is_some());
    let mut numbers: Arc<[u32]> = (0..3).collect();
    assert_eq!((*numbers).len() + Arc::<[u32]>::default().len(), 3);
    Arc::get_mut(&mut numbers).unwrap()[0] = 7;
    let three: Arc<[u32; 3]> = numbers.try_into().unwrap();
    assert_eq!(*three, [7, 1, 2]);
    let mut list = Arc::new(vec![1]);
    let other = Arc::clone(&list);
    Arc::make_mut(&mut list).push(2);
    assert_eq!((list.len(), other.len(), Arc::ptr_eq(&list, &other)), (2, 1, false));
    let weak = Arc::downgrade(&list);
    Arc::make_mut(&mut list).push(3);
    assert!(weak.upgrade().is_none() && Arc::weak_count(&list) == 0, "it has moved out");
    assert_eq!(Arc::unwrap_or_clone(other), [1]);
    let pinned = Arc::pin(4);
    assert_eq!((*pinned, *pinned.clone()), (4, 4));
    let cyclic = Arc::new_cyclic(|me: &Weak<(u32, Weak<u32>)>| {
        assert!(me.upgrade().is_none() && me.strong_count() == 0);
        (5, Weak::new())
    });
    assert!(cyclic.1.upgrade().is_none() && Arc::strong_count(&cyclic) == 1 && Arc::weak_count(&cyclic) == 0);
    let any: Arc<dyn std::any::Any + Send + Sync> = Arc::from_std(std::sync::Arc::new(6));
    assert_eq!(any.downcast::<i32>().map(|six| *six).ok(), Some(6));
    let raw = Arc::into_raw(Arc::new(8));
    // SAFETY: the pointer is `into_raw`'s; what is added is taken away, and the last is given back.
    let back = unsafe {
        Arc::increment_strong_count(raw);
        Arc::decrement_strong_count(raw);
        Arc::from_raw(raw)
    };
    let weak = Arc::downgrade(&back).into_raw();
    // SAFETY: the pointer is `into_raw`'s, and is given back once.
    let weak = unsafe { Weak::from_raw(weak) };
    assert_eq!((Arc::strong_count(&back), weak.weak_count(), weak.upgrade().map(|eight| *eight)), (1, 1, Some(8)));
}

pub(super) fn as_stds() -> Came {
    uses_everything();
    each(ALL, |checker| holds_within(checker, 1_000, uses_everything))?;
    holds_within(&under(EXHAUSTIVE), 1, || {
        let t = thread::spawn(uses_everything);
        uses_everything();
        t.join().unwrap();
    })
}

//! What a block shows, held against what there is. `...` stands for any lines, or for any characters of one.

/// What `shown` has to be instead, if `actual` is not what it shows.
pub(crate) fn differs(shown: &str, actual: &str) -> Option<String> {
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    let (shown, actual) = (lines(shown), lines(actual));
    let as_text = || actual.iter().fold(String::new(), |text, line| text + line + "\n");
    (!are_like(&shown, &actual)).then(as_text)
}

fn are_like(shown: &[String], actual: &[String]) -> bool {
    match shown {
        [] => actual.is_empty(),
        [any, rest @ ..] if any == "..." => (0..=actual.len()).any(|skip| are_like(rest, &actual[skip..])),
        [line, rest @ ..] => {
            actual.split_first().is_some_and(|(first, others)| is_like(line, first) && are_like(rest, others))
        }
    }
}

fn is_like(shown: &str, actual: &str) -> bool {
    let Some((begins, rest)) = shown.split_once("...") else { return shown == actual };
    let Some(mut left) = actual.strip_prefix(begins) else { return false };
    let (between, ends) = rest.rsplit_once("...").unwrap_or(("", rest));
    for part in between.split("...") {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(ends)
}

/// That comparing can fail.
pub(crate) fn tells_apart() -> Result<(), String> {
    let cases = [
        ("a\nb\n", "a\nb", true),
        ("a", "a  \n", true),
        ("a\n...\nd", "a\nb\nc\nd", true),
        ("...", "", true),
        ("a\n...\nd", "a\nb\nc", false),
        ("a\n...", "b\n", false),
        ("took ... s, all ... of them", "took 1.5 s, all 7 of them", true),
        ("took ... s, all ... of them", "took 1.5 s, 7 of them", false),
        ("a...b", "b a", false),
        ("a...b", "a b c", false),
        ("a", "a\nb", false),
    ];
    for (shown, actual, like) in cases {
        if differs(shown, actual).is_none() != like {
            return Err(format!("{shown:?} shows {actual:?}: that is not {like}"));
        }
    }
    Ok(())
}

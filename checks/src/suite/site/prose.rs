//! A lesson's prose: the documentation of a pattern's module, which is Markdown, as HTML.
//!
//! What would be HTML in it is shown as text, links lead only to where links may, and images are left out.

use super::highlight;
use crate::report::text::clean;
use maud::{Markup, PreEscaped, Render, html};
use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The documentation of the module that `source` is, as Markdown.
pub(super) fn documentation(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.fold(String::new(), |text, line| text + line.strip_prefix(' ').unwrap_or(line) + "\n")
}

/// Markdown as HTML, its headings one level down: the page has a title of its own.
pub(super) fn prose(markdown: &str) -> Markup {
    let mut writer =
        Writer { events: Vec::new(), code: None, heading: None, title: "In short".to_owned(), links: Vec::new() };
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        writer.take(event);
    }
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, writer.events.into_iter());
    PreEscaped(out)
}

struct Writer<'a> {
    events: Vec<Event<'a>>,
    /// Of a code block that has begun: its language, and its text so far.
    code: Option<(String, String)>,
    /// The text so far of a heading that has begun.
    heading: Option<String>,
    /// The last heading.
    title: String,
    /// Whether each link that has begun leads anywhere.
    links: Vec<bool>,
}

impl<'a> Writer<'a> {
    fn html(&mut self, markup: &impl Render) {
        self.events.push(Event::Html(CowStr::from(markup.render().into_string())));
    }

    fn take(&mut self, event: Event<'a>) {
        match event {
            // Markup is shown, and not obeyed.
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(text) => {
                self.head(&text);
                self.events.push(Event::Code(clean(&text).into()));
            }
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            other => self.events.push(other),
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, code)) = &mut self.code {
            code.push_str(text);
        } else {
            self.head(text);
            self.events.push(Event::Text(clean(text).into()));
        }
    }

    /// If a heading has begun, this is of it.
    fn head(&mut self, text: &str) {
        if let Some(title) = &mut self.heading {
            title.push_str(text);
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.heading = Some(String::new());
                self.events.push(Event::Start(Tag::Heading {
                    level: lower(level),
                    id: None,
                    classes: vec![],
                    attrs: vec![],
                }));
            }
            Tag::CodeBlock(kind) => {
                let language = match kind {
                    CodeBlockKind::Fenced(language) => language.split([',', ' ']).next().unwrap_or_default().to_owned(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new()));
            }
            Tag::Table(alignments) => {
                let label = format!("{}, as a table", self.title);
                let open =
                    html! { div.wide tabindex="0" role="region" aria-label=(clean(&label)) { "" } }.into_string();
                self.events.push(Event::Html(open.trim_end_matches("</div>").to_owned().into()));
                self.events.push(Event::Start(Tag::Table(alignments)));
            }
            Tag::Link { ref dest_url, .. } => {
                let leads = ["https://", "http://", "#"].iter().any(|start| dest_url.starts_with(start));
                self.links.push(leads);
                if leads {
                    self.events.push(Event::Start(tag));
                }
            }
            Tag::Image { .. } | Tag::HtmlBlock => {}
            tag => self.events.push(Event::Start(tag)),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                self.title = self.heading.take().unwrap_or_default();
                self.events.push(Event::End(TagEnd::Heading(lower(level))));
            }
            TagEnd::CodeBlock => {
                if let Some((language, code)) = self.code.take() {
                    self.html(&listing(&code, &language));
                }
            }
            TagEnd::Table => {
                self.events.push(Event::End(TagEnd::Table));
                self.events.push(Event::Html("</div>".into()));
            }
            TagEnd::Link => {
                if self.links.pop() == Some(true) {
                    self.events.push(Event::End(TagEnd::Link));
                }
            }
            TagEnd::Image | TagEnd::HtmlBlock => {}
            tag => self.events.push(Event::End(tag)),
        }
    }
}

/// Code in a language, or the extension of its files.
fn listing(code: &str, language: &str) -> Markup {
    let extension = match language {
        "rust" => "rs",
        "python" => "py",
        other => other,
    };
    html! {
        pre tabindex="0" {
            code {
                @for line in highlight::lines(code, extension) {
                    (tokens(&line)) "\n"
                }
            }
        }
    }
}

/// A line of source text.
pub(super) fn tokens(line: &highlight::Line) -> Markup {
    html! {
        @for (class, text) in line {
            @if class.is_empty() { (clean(text)) } @else { span class={ "hl-" (class) } { (clean(text)) } }
        }
    }
}

fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        HeadingLevel::H4 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(markdown: &str, expected: &str) {
        assert_eq!(prose(markdown).into_string().trim(), expected, "{markdown}");
    }

    #[test]
    fn markdown_becomes_html_and_html_becomes_text() {
        check("# Why\nA `lock` & a *key*.", "<h2>Why</h2>\n<p>A <code>lock</code> &amp; a <em>key</em>.</p>");
        check("<script>alert(1)</script> a", "&lt;script&gt;alert(1)&lt;/script&gt; a");
        check("a <b onclick='x'>b</b>", "<p>a &lt;b onclick='x'&gt;b&lt;/b&gt;</p>");
        check("[a](javascript:x) ![i](http://elsewhere.example/i.png)", "<p>a i</p>");
        check("[a](https://a.example/)", "<p><a href=\"https://a.example/\">a</a></p>");
        check("a \u{1b}[31m \u{202e}b", "<p>a \\u{1b}[31m \\u{202e}b</p>");
    }

    #[test]
    fn tables_scroll_and_are_named_after_their_heading() {
        let page = prose("# Outcomes\n| a | b |\n|---|---|\n| 1 | 2 |\n").into_string();
        assert!(page.contains("role=\"region\" aria-label=\"Outcomes, as a table\"><table>"), "{page}");
        assert_eq!(page.matches("<div").count(), page.matches("</div>").count());
    }

    #[test]
    fn code_has_its_classes() {
        let page = prose("```rust\nlet a = \"<b>\";\n```").into_string();
        assert!(page.contains("<span class=\"hl-k\">let</span>") && page.contains("&lt;b&gt;"), "{page}");
    }
}

//! What goes over the wire: the clients' side of two protocols, over any stream, and a server at the other end of one.

use raddle::time::{Duration, Sleep, sleep};
use raddle::tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf};
use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// More than any page here has: what a server says of itself is not to be trusted with memory.
const BODY_BYTES_MAX: usize = 1 << 16;

/// Gets `/url` over HTTP/1.1: the number that is its body.
///
/// # Errors
/// If the stream fails or ends too soon, if the status is other than 200, or if the body is too long or no number.
pub async fn get(stream: impl AsyncRead + AsyncWrite + Unpin, url: usize) -> Result<usize> {
    let mut stream = BufReader::new(stream);
    stream.write_all(format!("GET /{url} HTTP/1.1\r\nHost: example.com\r\n\r\n").as_bytes()).await?;
    let status = line(&mut stream).await?;
    if status.split(' ').nth(1) != Some("200") {
        return Err(invalid("status", &status));
    }
    let mut length = 0;
    loop {
        let header = line(&mut stream).await?;
        match header.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = number("length", value)?;
            }
            Some(_) => {}
            None => break,
        }
    }
    if length > BODY_BYTES_MAX {
        return Err(invalid("length", &length.to_string()));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    number("body", &String::from_utf8_lossy(&body))
}

/// `BEGIN`, the query for a user, and `COMMIT`, a line each: the user's id as the row has it, or none if the connection was in
/// a transaction before.
///
/// # Errors
/// If the stream fails or ends too soon, or if the row is no number.
pub async fn transaction(stream: impl AsyncRead + AsyncWrite + Unpin, id: usize) -> Result<Option<usize>> {
    let mut stream = BufReader::new(stream);
    let began = ask(&mut stream, "BEGIN").await?;
    let row = ask(&mut stream, &format!("SELECT id FROM users WHERE id = {id}")).await?;
    ask(&mut stream, "COMMIT").await?;
    Ok(if began == "BEGIN" { Some(number("row", &row)?) } else { None })
}

async fn ask(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>, command: &str) -> Result<String> {
    stream.write_all(format!("{command}\r\n").as_bytes()).await?;
    line(stream).await
}

/// The next line, without its end.
async fn line(stream: &mut BufReader<impl AsyncRead + Unpin>) -> Result<String> {
    let mut line = String::new();
    stream.take(BODY_BYTES_MAX as u64).read_line(&mut line).await?;
    match line.strip_suffix('\n') {
        Some(line) => Ok(line.trim_end_matches('\r').to_owned()),
        None => Err(ErrorKind::UnexpectedEof.into()),
    }
}

fn number(what: &str, text: &str) -> Result<usize> {
    text.trim().parse().map_err(|_| invalid(what, text))
}

fn invalid(what: &str, text: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("the server's {what} is {text:?}"))
}

/// What a server says, and after how long.
pub type Reply = (Duration, String);

/// A server, as its client has it: a stream. It is given the lines as they come, and may reply to each.
pub struct Server<F> {
    reply_to: F,
    line: Vec<u8>,
    /// What is left of each, and after how long.
    replies: VecDeque<(Duration, Vec<u8>)>,
    wait: Option<Pin<Box<Sleep>>>,
}

impl<F: FnMut(&str) -> Option<Reply>> Server<F> {
    /// A server that replies so.
    pub fn new(reply_to: F) -> Self {
        Server { reply_to, line: Vec::new(), replies: VecDeque::new(), wait: None }
    }
}

impl<F: FnMut(&str) -> Option<Reply> + Unpin> AsyncWrite for Server<F> {
    fn poll_write(mut self: Pin<&mut Self>, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        for byte in bytes {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                let reply = (self.reply_to)(String::from_utf8_lossy(&line).trim_end());
                self.replies.extend(reply.map(|(after, text)| (after, text.into_bytes())));
            } else {
                self.line.push(*byte);
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl<F: Unpin> AsyncRead for Server<F> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let Some((after, _)) = self.replies.front() else { return Poll::Ready(Ok(())) };
        if !after.is_zero() {
            let after = *after;
            let wait = self.wait.get_or_insert_with(|| Box::pin(sleep(after)));
            ready!(wait.as_mut().poll(cx));
            self.wait = None;
        }
        let (after, left) = self.replies.front_mut().expect("there is one");
        *after = Duration::ZERO;
        let part = left.len().min(bytes.remaining());
        bytes.put_slice(&left[..part]);
        left.drain(..part);
        if left.is_empty() {
            self.replies.pop_front();
        }
        Poll::Ready(Ok(()))
    }
}

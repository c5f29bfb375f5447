//! The wire code of the scraper and of the connection pool, against what a server may send: tokio-test's mock I/O.

use raddle_scenarios::wire::{get, transaction};
use std::io::{Error, ErrorKind};
use tokio_test::block_on;
use tokio_test::io::Builder;

const GET: &[u8] = b"GET /2 HTTP/1.1\r\nHost: example.com\r\n\r\n";

/// What a client makes of such a reply.
fn got(reply: &[u8]) -> Result<usize, (ErrorKind, String)> {
    let server = Builder::new().write(GET).read(reply).build();
    block_on(get(server, 2)).map_err(|error| (error.kind(), error.to_string()))
}

#[test]
fn a_page_comes_in_any_pieces() {
    let reply = b"HTTP/1.1 200 OK\r\nServer: none\r\ncontent-length: 4\r\n\r\n 12\n";
    assert_eq!(got(reply), Ok(12));
    for cut in 1..reply.len() {
        let server = Builder::new().write(&GET[..9]).write(&GET[9..]).read(&reply[..cut]).read(&reply[cut..]).build();
        assert_eq!(block_on(get(server, 2)).unwrap(), 12, "cut after {cut} bytes");
    }
}

#[test]
fn a_server_can_refuse_lie_and_go_away() {
    let invalid = |text: &str| Err((ErrorKind::InvalidData, format!("the server's {text}")));
    assert_eq!(got(b"HTTP/1.1 503 Busy\r\n\r\n"), invalid("status is \"HTTP/1.1 503 Busy\""));
    assert_eq!(got(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), invalid("length is \" x\""));
    assert_eq!(got(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"), invalid("length is \"99999999\""));
    assert_eq!(got(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n-1"), invalid("body is \"-1\""));
    for cut in [b"HTTP/1.1 200 OK\r\n".as_slice(), b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12"] {
        assert_eq!(got(cut).unwrap_err().0, ErrorKind::UnexpectedEof);
    }
    let reset = Builder::new().write(GET).read_error(Error::from(ErrorKind::ConnectionReset)).build();
    assert_eq!(block_on(get(reset, 2)).unwrap_err().kind(), ErrorKind::ConnectionReset);
    let closed = Builder::new().write_error(Error::from(ErrorKind::BrokenPipe)).build();
    assert_eq!(block_on(get(closed, 2)).unwrap_err().kind(), ErrorKind::BrokenPipe);
}

/// A server's side of a transaction, up to the last of these replies.
fn server(replies: [&str; 3]) -> Builder {
    let commands = ["BEGIN\r\n", "SELECT id FROM users WHERE id = 7\r\n", "COMMIT\r\n"];
    let mut server = Builder::new();
    for (command, reply) in commands.iter().zip(replies) {
        server.write(command.as_bytes()).read(reply.as_bytes());
    }
    server
}

#[test]
fn a_transaction_is_its_own_or_somebody_elses() {
    let came_to = |replies| block_on(transaction(server(replies).build(), 7)).map_err(|error| error.kind());
    assert_eq!(came_to(["BEGIN\r\n", "7\r\n", "COMMIT\r\n"]), Ok(Some(7)));
    assert_eq!(came_to(["WARNING\r\n", "7\r\n", "COMMIT\r\n"]), Ok(None), "it was open before");
    assert_eq!(came_to(["BEGIN\r\n", "none\r\n", "COMMIT\r\n"]), Err(ErrorKind::InvalidData));
    assert_eq!(came_to(["BEGIN\r\n", "7\r\n", ""]), Err(ErrorKind::UnexpectedEof));
}

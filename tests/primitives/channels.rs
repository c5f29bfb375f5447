//! Channels.

use super::*;

#[test]
fn channel_is_first_in_first_out_and_ends_with_its_senders() {
    holds(|| {
        let (sender, receiver) = channel();
        let send = move || {
            for message in 0..3 {
                sender.send(message).unwrap();
            }
        };
        both(send, || {
            assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2], "in order, and the iteration ends");
            assert_eq!(receiver.recv(), Err(RecvError), "all senders are gone");
        });
    });
}

#[test]
fn channel_mixes_its_senders_in_any_order() {
    fn program() -> Vec<u32> {
        let (sender, receiver) = channel();
        let another = sender.clone();
        both(move || another.send(1).unwrap(), move || sender.send(2).unwrap());
        receiver.into_iter().collect()
    }
    outcomes(program, [vec![1, 2], vec![2, 1]]);
}

#[test]
fn channel_send_fails_once_the_receiver_is_gone() {
    fn program() -> Result<(), u32> {
        let (sender, receiver) = channel();
        both(move || drop(receiver), || sender.send(1).map_err(|SendError(value)| value)).1
    }
    outcomes(program, [Ok(()), Err(1)]);
}

#[test]
fn channel_try_recv_tells_empty_from_disconnected() {
    fn program() -> Result<u32, TryRecvError> {
        let (sender, receiver) = channel();
        both(move || sender.send(1).unwrap(), || receiver.try_recv()).1
    }
    outcomes(program, [Ok(1), Err(TryRecvError::Empty)]);
    fn without_a_message() -> Result<u32, TryRecvError> {
        let (sender, receiver) = channel();
        both(move || drop(sender), || receiver.try_recv()).1
    }
    outcomes(without_a_message, [Err(TryRecvError::Empty), Err(TryRecvError::Disconnected)]);
    holds(|| {
        let (sender, receiver) = channel();
        sender.send(1).unwrap();
        sender.send(2).unwrap();
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [1, 2], "what is there now");
    });
}

#[test]
fn channel_recv_timeout_races_with_a_message() {
    fn program() -> Result<u32, RecvTimeoutError> {
        let (sender, receiver) = channel();
        both(|| sender.send(1).unwrap(), || receiver.recv_timeout(SECOND)).1
    }
    outcomes(program, [Ok(1), Err(RecvTimeoutError::Timeout)]);
    fn disconnecting() -> Result<u32, RecvTimeoutError> {
        let (sender, receiver) = channel();
        both(move || drop(sender), || receiver.recv_timeout(SECOND)).1
    }
    outcomes(disconnecting, [Err(RecvTimeoutError::Disconnected), Err(RecvTimeoutError::Timeout)]);
    fn alone() -> Result<u32, RecvTimeoutError> {
        let (_sender, receiver) = channel();
        receiver.recv_timeout(SECOND)
    }
    outcomes(alone, [Err(RecvTimeoutError::Timeout)]);
}

#[test]
fn channel_whose_sender_is_kept_alive_leaves_the_receiver_stuck() {
    let program = || {
        let (_sender, receiver) = channel::<u32>();
        let _ = receiver.recv();
    };
    fails(program, is_main_stuck);
}

#[test]
fn sync_channel_blocks_at_its_bound() {
    fn program() -> usize {
        let (sender, receiver) = sync_channel(1);
        let count = AtomicUsize::new(0);
        let send = || {
            for message in 0..3 {
                sender.send(message).unwrap();
                count.fetch_add(1, Ordering::SeqCst);
            }
        };
        let receive = || {
            let ahead = count.load(Ordering::SeqCst);
            assert_eq!([receiver.recv(), receiver.recv(), receiver.recv()], [Ok(0), Ok(1), Ok(2)], "in order");
            ahead
        };
        both(send, receive).1
    }
    outcomes(program, [0, 1]);
    let without_a_receiver = || {
        let (sender, _receiver) = sync_channel(1);
        sender.send(0).unwrap();
        let _ = sender.send(1);
    };
    fails(without_a_receiver, is_main_stuck);
}

#[test]
fn sync_channel_try_send_tells_full_from_disconnected() {
    holds(|| {
        let (sender, receiver) = sync_channel(1);
        assert_eq!(
            (sender.try_send(1), sender.try_send(2)),
            (Ok(()), Err(TrySendError::Full(2))),
            "there is room for one"
        );
        drop(receiver);
        assert_eq!(sender.try_send(3), Err(TrySendError::Disconnected(3)), "the receiver is gone");
        assert_eq!(sender.send(4), Err(SendError(4)), "and a full channel does not block then");
    });
}

#[test]
fn rendezvous_send_waits_until_its_message_is_taken() {
    holds(|| {
        let (sender, receiver) = sync_channel(0);
        let taken = AtomicBool::new(false);
        let send = || {
            sender.send(1).unwrap();
            assert!(taken.load(Ordering::SeqCst), "the send came back before the receive began");
        };
        both(send, || {
            taken.store(true, Ordering::SeqCst);
            assert_eq!(receiver.recv(), Ok(1), "the message");
        });
    });
    let alone = || {
        let (sender, _receiver) = sync_channel(0);
        let _ = sender.send(1);
    };
    fails(alone, is_main_stuck);
}

#[test]
fn rendezvous_send_fails_when_the_receiver_goes_without_taking_the_message() {
    fn program() -> Result<(), SendError<u32>> {
        let (sender, receiver) = sync_channel(0);
        both(move || drop(receiver), || sender.send(1)).1
    }
    outcomes(program, [Err(SendError(1))]);
}

#[test]
fn rendezvous_try_send_succeeds_where_a_receiver_waits() {
    fn program() -> (Result<(), TrySendError<u32>>, Result<u32, RecvError>) {
        let (sender, receiver) = sync_channel(0);
        both(move || sender.try_send(1), || receiver.recv())
    }
    outcomes(program, [(Ok(()), Ok(1)), (Err(TrySendError::Full(1)), Err(RecvError))]);
}

#[test]
fn channel_orders_what_came_before_the_send_with_what_comes_after_the_receive() {
    holds(|| {
        let (sender, receiver): (mpsc::Sender<()>, _) = channel();
        let data = RaceCell::new(0).named("data");
        let send = || {
            data.set(1);
            sender.send(()).unwrap();
        };
        both(send, || {
            receiver.recv().unwrap();
            assert_eq!(data.get(), 1, "what came before the send");
        });
    });
}

//! However many transactions are open, a plain list of them all says the same.

use proptest::prelude::*;
use sidewire_base::TxId;

use super::*;

const TO_SERVER: TxConsumer = TxConsumer::Rules(Direction::ToServer);

fn open(count: u32) -> Transactions<u32> {
    let mut transactions = Transactions::new(PerDirection::both(1));
    for number in 0..count {
        transactions.open(number, Time::default());
    }
    transactions
}

fn left(transactions: &Transactions<u32>) -> Vec<u32> {
    transactions.iter().map(|slot| slot.tx).collect()
}

/// Ids that a look is due on; it is done.
fn look(transactions: &mut Transactions<u32>, look: TxConsumer) -> Vec<u32> {
    let mut cursor = 0;
    let mut seen = Vec::new();
    while let Some(position) = transactions.take_due(&mut cursor, look) {
        seen.push(transactions.at(position).unwrap().tx);
    }
    seen
}

fn look_at_all(transactions: &mut Transactions<u32>) {
    for due in [TO_SERVER, TxConsumer::Rules(Direction::ToClient), TxConsumer::Log] {
        look(transactions, due);
    }
    transactions.settle(|_| true);
}

#[test]
fn each_is_asked_about_once_and_what_is_dropped_is_gone() {
    for dropped in 0..32_u32 {
        let mut transactions = open(5);
        let mut asked = Vec::new();
        transactions.settle(|slot| {
            asked.push(slot.tx);
            dropped >> slot.tx & 1 == 0
        });
        assert_eq!(asked, [0, 1, 2, 3, 4]);
        let kept: Vec<_> = (0..5).filter(|number| dropped >> number & 1 == 0).collect();
        assert_eq!(left(&transactions), kept);
        for number in 0..5 {
            let found = transactions.by_id(TxId(number.into())).map(|slot| slot.tx);
            assert_eq!(found, kept.contains(&number).then_some(number));
        }
    }
}

#[test]
fn only_what_was_handed_out_is_looked_at_again_in_order() {
    let mut transactions = open(6);
    assert_eq!(look(&mut transactions, TO_SERVER), [0, 1, 2, 3, 4, 5]);
    look_at_all(&mut transactions);
    assert!(!transactions.is_due(TO_SERVER));
    transactions.last_mut().unwrap();
    transactions.by_id(TxId(1)).unwrap();
    transactions.by_id(TxId(3)).unwrap();
    transactions.by_id(TxId(1)).unwrap();
    assert!(transactions.is_due(TO_SERVER));
    assert_eq!(look(&mut transactions, TO_SERVER), [1, 3, 5]);
    assert_eq!(look(&mut transactions, TO_SERVER), []);
    assert_eq!(look(&mut transactions, TxConsumer::Log), [1, 3, 5]);
    look_at_all(&mut transactions);
    transactions.touch_all();
    assert_eq!(look(&mut transactions, TxConsumer::Log).len(), 6);
}

#[test]
fn what_is_due_outlives_settling_until_somebody_looks() {
    let mut transactions = open(3);
    look(&mut transactions, TO_SERVER);
    look(&mut transactions, TxConsumer::Log);
    transactions.settle(|_| true);
    assert_eq!(look(&mut transactions, TO_SERVER), []);
    transactions.look_again(1, TO_SERVER);
    assert_eq!(look(&mut transactions, TxConsumer::Rules(Direction::ToClient)), [0, 1, 2]);
    let mut asked = 0;
    transactions.settle(|_| {
        asked += 1;
        true
    });
    assert_eq!(asked, 3);
    assert_eq!(look(&mut transactions, TO_SERVER), [1]);
}

#[test]
fn one_that_is_kept_to_be_asked_about_is_asked_about() {
    let mut transactions = open(2);
    look_at_all(&mut transactions);
    transactions.by_id(TxId(0)).unwrap();
    for direction in Direction::BOTH {
        look(&mut transactions, TxConsumer::Rules(direction));
    }
    look(&mut transactions, TxConsumer::Log);
    let mut times = 0;
    for round in 0..4 {
        transactions.settle(|slot| {
            times += 1;
            slot.head.due.unsettled(round < 2);
            true
        });
    }
    assert_eq!(times, 3);
}

#[test]
fn the_oldest_make_room() {
    let mut transactions = open(5);
    transactions.evict(2);
    assert_eq!(left(&transactions), [2, 3, 4]);
    assert_eq!(look(&mut transactions, TxConsumer::Log), [2, 3, 4]);
    transactions.settle(|_| true);
    transactions.evict(9);
    assert!(transactions.is_empty());
    assert_eq!(transactions.opened(), 5);
}

/// What is done with transactions; numbers choose one, or some.
#[derive(Clone, Copy, Debug)]
enum Act {
    Open,
    Touch(usize),
    TouchAll,
    Look(usize),
    Again(usize, usize),
    Settle(u64, u64),
    Evict(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => Just(Act::Open),
        6 => (0..24_usize).prop_map(Act::Touch),
        1 => Just(Act::TouchAll),
        4 => (0..3_usize).prop_map(Act::Look),
        2 => (0..24_usize, 0..3_usize).prop_map(|(at, look)| Act::Again(at, look)),
        3 => (1..6_u64, 0..6_u64).prop_map(|(every, rest)| Act::Settle(every, rest)),
        1 => (0..4_usize).prop_map(Act::Evict),
    ]
}

const LOOKS: [TxConsumer; 3] = [TO_SERVER, TxConsumer::Rules(Direction::ToClient), TxConsumer::Log];

proptest! {
    /// However many are open: what is looked at, asked about and left is what a plain list of them all gives.
    #[test]
    fn few_or_many_are_the_same(acts in prop::collection::vec(act(), 1..120)) {
        let mut transactions = Transactions::<u64>::new(PerDirection::both(1));
        // Id, what is due, whether it was touched since it was settled.
        let mut model: Vec<(u64, [bool; 3], bool)> = Vec::new();
        let mut next = 0;
        for act in acts {
            match act {
                Act::Open => {
                    transactions.open(next, Time::default());
                    model.push((next, [true; 3], true));
                    next += 1;
                }
                Act::Touch(at) => {
                    if let Some(one) = model.get_mut(at) {
                        transactions.by_id(TxId(one.0)).unwrap();
                        (one.1, one.2) = ([true; 3], true);
                    }
                }
                Act::TouchAll => {
                    transactions.touch_all();
                    model.iter_mut().for_each(|one| (one.1, one.2) = ([true; 3], true));
                }
                Act::Look(which) => {
                    let mut cursor = 0;
                    let mut seen = Vec::new();
                    while let Some(at) = transactions.take_due(&mut cursor, LOOKS[which]) {
                        seen.push(transactions.at(at).unwrap().tx);
                    }
                    let due = model.iter_mut().filter_map(|one| core::mem::take(&mut one.1[which]).then_some(one.0));
                    prop_assert_eq!(seen, due.collect::<Vec<_>>());
                }
                Act::Again(at, which) => {
                    transactions.look_again(at, LOOKS[which]);
                    if let Some(one) = model.get_mut(at) {
                        (one.1[which], one.2) = (true, true);
                    }
                }
                Act::Settle(every, rest) => {
                    let mut asked = Vec::new();
                    transactions.settle(|slot| {
                        asked.push(slot.tx);
                        slot.tx % every != rest
                    });
                    prop_assert_eq!(asked, model.iter().filter(|one| one.2).map(|one| one.0).collect::<Vec<_>>());
                    model.retain(|one| !one.2 || one.0 % every != rest);
                    model.iter_mut().for_each(|one| one.2 = one.1 != [false; 3]);
                }
                Act::Evict(count) => {
                    transactions.evict(count);
                    model.drain(..count.min(model.len()));
                }
            }
            for (which, look) in LOOKS.into_iter().enumerate() {
                prop_assert!(transactions.is_due(look) || model.iter().all(|one| !one.1[which]));
            }
            let ids: Vec<u64> = transactions.iter().map(|slot| slot.tx).collect();
            prop_assert_eq!(ids, model.iter().map(|one| one.0).collect::<Vec<_>>());
        }
    }
}

#[test]
fn the_only_one_that_packets_have_not_passed() {
    let (to_server, to_client) = (Direction::ToServer, Direction::ToClient);
    let mut transactions = open(1);
    assert_eq!(transactions.only_live(to_server), Some(0));
    transactions.by_id(TxId(0)).unwrap().advance(to_server, 1, Time::default());
    assert_eq!(transactions.only_live(to_server), Some(0), "the packet that completed it");
    transactions.pass(to_server);
    assert_eq!(transactions.only_live(to_server), None);
    assert_eq!(transactions.only_live(to_client), Some(0));
    transactions.open(1, Time::default());
    assert_eq!(transactions.only_live(to_server), Some(1));
    assert_eq!(transactions.only_live(to_client), None, "two");
    transactions.evict(1);
    assert_eq!(transactions.only_live(to_server), Some(0));
    transactions.pass(to_client);
    assert_eq!(transactions.only_live(to_client), Some(0), "the first is gone");
    assert_eq!(transactions.passed(), PerDirection::both(TxId(1)));
    let tx = transactions.open(9, Time::default());
    tx.head.skip_inspection[to_client] = true;
    assert_eq!(transactions.only_live(to_client), Some(0), "what goes to the server is none of its own");
}

#[test]
fn a_step_completes_what_was_not_complete_before() {
    let (now, to_server) = (Time::default(), Direction::ToServer);
    let mut transactions = open(2);
    assert!(!transactions.completed(to_server));
    transactions.complete.to_client = 0;
    assert!(transactions.completed(Direction::ToClient), "complete from the start, but new");
    transactions.begin_step();
    assert!(!transactions.completed(Direction::ToClient));
    transactions.by_id(TxId(0)).unwrap().advance(to_server, 1, now);
    assert!(transactions.completed(to_server));
    assert!(!transactions.completed(Direction::ToClient));
    look_at_all(&mut transactions);
    transactions.by_id(TxId(0)).unwrap().advance(to_server, 1, now);
    assert!(!transactions.completed(to_server), "it was complete before");
}

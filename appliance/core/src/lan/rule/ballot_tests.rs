//! Holds what counting evidence must come to. Tests of `ballot`.

use alloc::vec::Vec;

use super::super::numbers::Numbers;
use super::*;

/// A vote of `choice` by the witness of that number.
fn vote(choice: u8, witness: usize, weight: u8) -> Vote<'static> {
    let rule = u16::from(choice) * 100 + u16::from(weight);
    Vote { choice, witness: Witness::ALL[witness], weight, rule, source: Source::Mdns, seen: Seen::Nothing }
}

fn count(votes: &[Vote<'static>]) -> Outcome {
    let mut ballot = Ballot::new();
    votes.iter().for_each(|vote| ballot.cast(*vote));
    ballot.count(|_| true)
}

impl Numbers {
    fn vote(&mut self) -> Vote<'static> {
        let (choice, witness, weight) = (self.below(5), self.below(16), self.below(100));
        vote(choice as u8, witness, weight as u8)
    }
}

#[test]
fn independent_witnesses_add_up_and_one_witness_counts_once() {
    let close = |outcome: Outcome, wanted: f32| {
        let (_, found) = outcome.winner.unwrap();
        assert!((found - wanted).abs() < 1e-5, "{found} {wanted}");
    };
    close(count(&[vote(1, 0, 60)]), 0.6);
    close(count(&[vote(1, 0, 60), vote(1, 1, 50)]), 0.8);
    close(count(&[vote(1, 0, 60), vote(1, 0, 50), vote(1, 0, 60)]), 0.6);
    // Odds 4 against 1 and the chance that it is neither.
    close(count(&[vote(1, 0, 80), vote(2, 1, 50)]), 4.0 / 6.0);
}

#[test]
fn weak_and_tied_evidence_decides_nothing() {
    assert_eq!(count(&[]), Outcome::default());
    assert_eq!(count(&[vote(1, 0, 0)]), Outcome::default());
    assert_eq!(count(&[vote(1, 0, 49)]).winner, None);
    for weight in 1..=99 {
        let tie = count(&[vote(1, 0, weight), vote(2, 1, weight)]);
        assert_eq!(tie.winner, None, "{weight}");
        assert_eq!(tie.leaders, [Some(1), Some(2)]);
    }
    // 19 to 11.5: nobody can tell.
    assert_eq!(count(&[vote(1, 0, 95), vote(2, 1, 92)]).winner, None);
}

#[test]
fn more_evidence_for_a_choice_never_lowers_it_and_evidence_against_never_raises_it() {
    let mut numbers = Numbers(0x5eed);
    let mut decided = 0;
    for _ in 0..20_000 {
        let votes: Vec<_> = (0..1 + numbers.below(12)).map(|_| numbers.vote()).collect();
        let before = count(&votes);
        if let Some((best, confidence)) = before.winner {
            decided += 1;
            assert!((BAR..=CEILING).contains(&confidence));
            let more = Vote { choice: best, ..numbers.vote() };
            let (still, after) =
                count(&[&votes[..], &[more]].concat()).winner.expect("more of the same decides as well");
            assert!(still == best && after >= confidence, "{after} {confidence} {votes:?} {more:?}");
            let against = Vote { choice: (best + 1) % 5, ..numbers.vote() };
            if let Some((still, after)) = count(&[&votes[..], &[against]].concat()).winner {
                assert!(still != best || after <= confidence, "{after} {confidence} {votes:?} {against:?}");
            }
        }
    }
    assert!(decided > 2_000, "{decided}");
}

#[test]
fn the_order_of_hearing_decides_nothing_even_when_the_ballot_is_full() {
    let mut numbers = Numbers(0xca5e);
    for round in 0..2_000 {
        // Five choices and sixteen witnesses are more votes than fit.
        let mut votes: Vec<_> = (0..1 + numbers.below(200)).map(|_| numbers.vote()).collect();
        let sorted = |votes: &[Vote<'static>]| {
            let mut ballot = Ballot::new();
            votes.iter().for_each(|vote| ballot.cast(*vote));
            ballot.votes.sort_unstable_by(Vote::rank);
            let kept: Vec<_> = ballot.votes.iter().map(|vote| (vote.choice, vote.witness, vote.weight)).collect();
            (kept, ballot.count(|_| true))
        };
        let before = sorted(&votes);
        for place in (1..votes.len()).rev() {
            votes.swap(place, numbers.below(place + 1));
        }
        assert_eq!(before, sorted(&votes), "round {round}");
    }
}

#[test]
fn the_lightest_vote_leaves_a_full_ballot() {
    let mut ballot = Ballot::new();
    for choice in 0..4 {
        for witness in 0..16 {
            ballot.cast(vote(choice, witness, 10 + choice));
        }
    }
    assert!(ballot.votes.is_full());
    ballot.cast(vote(4, 0, 5));
    assert_eq!(ballot.of(4).count(), 0, "lighter than all");
    ballot.cast(vote(4, 0, 90));
    assert_eq!((ballot.of(4).count(), ballot.of(0).count()), (1, 15));
}

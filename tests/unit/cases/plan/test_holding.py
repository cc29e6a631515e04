"""Suggestions only rise, a refusal is remembered, a lower level is told once; nothing flaps."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from services.cases.plan.holding import (
    Decision,
    Easing,
    Holding,
    Rules,
    Seen,
    Suggestion,
    consider,
    ease,
    eases_at,
    heed,
    held_back,
    join,
)

HOUR = 3600.0
RULES = Rules(hold=2 * HOUR, ask_again=72 * HOUR)


@dataclass
class Life:
    """An event that is looked at again and again."""

    holding: Holding = field(default_factory=Holding)
    suggested: int = 0
    decided: int = 0
    suggestions: list[Suggestion] = field(default_factory=list)
    told: list[Easing] = field(default_factory=list)

    def look(self, at: float, rank: int, **met: int) -> Suggestion | None:
        seen = Seen(rank, met)
        self.holding, suggestion = consider(
            self.holding, seen, at, RULES, suggested=self.suggested, decided=self.decided
        )
        if suggestion is not None:
            self.suggested = max(self.suggested, suggestion.rank)
            self.suggestions.append(suggestion)
        self.holding, easing = ease(self.holding, seen, at, RULES, standing=max(self.suggested, self.decided))
        if easing is not None:
            self.told.append(easing)
        return suggestion

    def refuse(self, at: float, rank: int, id_: str = "one") -> None:
        self.holding = heed(self.holding, [Decision(id_, at, "赵局长", refused=(rank, rank))], RULES)


def test_a_level_is_suggested_once_and_a_graver_one_again() -> None:
    life = Life()
    ranks = [1, 2, 1, 2, 2, 3, 1, 3, 4, 4]
    suggested = [life.look(i * 60, rank) for i, rank in enumerate(ranks)]
    assert [one.rank if one else None for one in suggested] == [1, 2, None, None, None, 3, None, None, 4, None]


def test_a_refused_level_stays_silent_until_a_new_criterion_of_it_or_above_is_met() -> None:
    life = Life()
    assert life.look(0, 3, provincial_media=3)
    life.refuse(60, 3)
    assert life.look(120, 3, provincial_media=3) is None
    # of a lower level: no ground to ask again
    assert life.look(180, 3, provincial_media=3, two_sources=2) is None
    again = life.look(240, 3, provincial_media=3, casualties=3)
    assert again is not None
    assert (again.rank, again.new) == (3, ("casualties",))
    assert again.refused is not None
    assert again.refused.met == {"provincial_media"}
    assert life.look(300, 3, provincial_media=3, casualties=3) is None


def test_a_refused_level_comes_up_again_after_the_plans_time() -> None:
    life = Life()
    life.look(0, 2, two_sources=2)
    life.refuse(60, 2)
    assert life.look(60 + 72 * HOUR - 1, 2, two_sources=2) is None
    again = life.look(60 + 72 * HOUR, 2, two_sources=2)
    assert again is not None
    assert again.new == ()


def test_a_refused_level_does_not_keep_a_graver_one_from_being_suggested() -> None:
    life = Life()
    life.look(0, 2, two_sources=2)
    life.refuse(60, 2)
    suggestion = life.look(120, 4, two_sources=2, central_media=4)
    assert suggestion is not None
    assert suggestion.rank == 4
    # and what was refused below it is settled with it
    assert life.look(180, 2, municipal_media=2) is None


def test_a_criterion_that_was_out_for_a_moment_at_the_refusal_is_not_new() -> None:
    life = Life()
    life.look(0, 3, growth=3)
    life.look(600, 2, two_sources=2)
    life.refuse(660, 3)
    assert life.look(1200, 3, growth=3) is None
    assert held_back(life.holding, Seen(3, {"growth": 3}), 1200, RULES, decided=0) is not None


def test_a_criterion_that_had_lapsed_for_the_time_of_hold_is_new() -> None:
    life = Life()
    life.look(0, 3, growth=3)
    life.look(2.5 * HOUR, 2, two_sources=2)
    life.refuse(3 * HOUR, 3)
    again = life.look(4 * HOUR, 3, growth=3)
    assert again is not None
    assert again.new == ("growth",)


def test_a_fact_that_stood_at_the_last_look_is_not_new_however_long_ago_that_was() -> None:
    life = Life()
    life.look(0, 3, provincial_media=3)
    life.refuse(9 * HOUR, 3)
    assert life.look(10 * HOUR, 3, provincial_media=3) is None


def lowered(*, decided: int, at: float = 60) -> Life:
    """Return an event whose case was at II, with provincial media, and was lowered."""
    life = Life()
    life.look(0, 3, provincial_media=3)
    decision = Decision("low", at, "赵局长", refused=(decided + 1, 3), settled=decided, for_good=True)
    life.holding, life.decided = heed(life.holding, [decision], RULES), decided
    return life


def test_what_was_known_when_a_level_was_lowered_never_comes_up_again() -> None:
    life = lowered(decided=1)
    for day in range(1, 30):
        assert life.look(day * 24 * HOUR, 3, provincial_media=3) is None
    again = life.look(30 * 24 * HOUR, 3, provincial_media=3, casualties=3)
    assert again is not None
    assert (again.rank, again.new) == (3, ("casualties",))


def test_after_a_lowering_a_criterion_that_ceased_and_is_met_again_is_new() -> None:
    life = lowered(decided=1)
    life.look(HOUR, 1, doubtful=1)
    life.look(1.5 * HOUR, 1, doubtful=1)
    assert life.look(1.8 * HOUR, 3, provincial_media=3) is None
    life.look(4 * HOUR, 1, doubtful=1)
    life.look(5 * HOUR, 1, doubtful=1)
    again = life.look(6 * HOUR, 3, provincial_media=3)
    assert again is not None
    assert (again.rank, again.new) == (3, ("provincial_media",))


def test_what_is_suggested_after_a_lowering_may_be_refused_like_any_other() -> None:
    life = lowered(decided=1)
    assert life.look(HOUR, 3, provincial_media=3, casualties=3) is not None
    life.refuse(2 * HOUR, 3)
    assert life.look(73 * HOUR, 3, provincial_media=3, casualties=3) is None
    assert life.look(74 * HOUR, 3, provincial_media=3, casualties=3) is not None


def test_a_dismissal_does_not_weaken_what_was_refused_for_good() -> None:
    life = lowered(decided=1)
    life.refuse(HOUR, 3)
    assert life.look(100 * HOUR, 3, provincial_media=3) is None


def test_a_level_that_a_person_set_silences_what_is_at_or_below_it() -> None:
    life = Life(decided=3)
    assert life.look(0, 3, provincial_media=3) is None
    assert life.look(60, 2, two_sources=2) is None
    assert life.look(120, 4, central_media=4) is not None


def test_lowering_from_ii_to_iv_leaves_iii_to_a_new_reason_of_its_own() -> None:
    life = Life()
    life.look(0, 3, growth=3, two_sources=2)
    life.holding = heed(life.holding, [Decision("low", 60, "赵局长", refused=(2, 3), settled=1)], RULES)
    life.decided = 1
    assert life.look(120, 3, growth=3, two_sources=2) is None
    again = life.look(180, 3, growth=3, two_sources=2, municipal_media=2)
    assert again is not None
    assert (again.rank, again.new) == (2, ("municipal_media",))


def test_a_lower_level_is_told_once_and_only_after_the_time_of_hold() -> None:
    life = Life()
    life.look(0, 3, provincial_media=3)
    life.look(60, 2)
    assert eases_at(life.holding, RULES) == 60 + 2 * HOUR
    life.look(60 + 2 * HOUR - 1, 2)
    assert life.told == []
    life.look(60 + 2 * HOUR, 2)
    assert life.told == [Easing(3, 2, 60)]
    assert eases_at(life.holding, RULES) is None
    life.look(20 * HOUR, 2)
    # back up and down again: it was said already
    life.look(21 * HOUR, 3, provincial_media=3)
    life.look(22 * HOUR, 2)
    life.look(30 * HOUR, 2)
    assert len(life.told) == 1
    # further down: something new
    for hour in (31, 34, 36):
        life.look(hour * HOUR, 0)
    assert life.told[1:] == [Easing(3, 0, 34 * HOUR)]


def test_an_event_takes_over_what_was_refused_of_its_part() -> None:
    part = Life()
    part.look(0, 2, two_sources=2)
    part.refuse(60, 2)
    whole = Life(holding=join(Holding(), part.holding), suggested=2)
    assert whole.look(120, 2, two_sources=2) is None
    assert whole.look(180, 2, two_sources=2, municipal_media=2) is not None


def test_what_is_remembered_survives_storage() -> None:
    life = Life()
    life.look(0, 3, provincial_media=3)
    life.refuse(60, 3)
    life.look(120, 1)
    assert Holding.of_json(life.holding.as_json()) == life.holding


CRITERIA = {"negative_story": 1, "two_sources": 2, "municipal": 2, "provincial": 3, "growth.II": 3, "central": 4}
NOISE = st.lists(st.tuples(st.floats(1, 6 * HOUR), st.sets(st.sampled_from(sorted(CRITERIA)))), max_size=60)


def grades(noise: list[tuple[float, set[str]]]) -> list[tuple[float, Seen]]:
    at, found = 0.0, []
    for gap, met in noise:
        at += gap
        ranks = {key: CRITERIA[key] for key in met}
        found.append((at, Seen(max(ranks.values(), default=0), ranks)))
    return found


@given(NOISE)
def test_noise_never_flaps_and_never_lowers(noise: list[tuple[float, set[str]]]) -> None:
    life = Life()
    for at, seen in grades(noise):
        life.look(at, seen.rank, **seen.met)
    ranks = [one.rank for one in life.suggestions]
    assert ranks == sorted(set(ranks))
    # per level that stood, what is told only sinks
    for standing in {easing.standing for easing in life.told}:
        told = [easing.rank for easing in life.told if easing.standing == standing]
        assert told == sorted(set(told), reverse=True)
        assert all(rank < standing for rank in told)


@given(NOISE, st.integers(0, 60), st.integers(1, 4))
def test_after_a_refusal_nothing_comes_up_again_without_a_ground(
    noise: list[tuple[float, set[str]]], when: int, rank: int
) -> None:
    life, refused_at, before = Life(), None, 0
    for i, (at, seen) in enumerate(grades(noise)):
        if i == when:
            life.refuse(at - 0.5, rank)
            refused_at, before = at - 0.5, len(life.suggestions)
        life.look(at, seen.rank, **seen.met)
        if refused_at is None or len(life.suggestions) == before:
            continue
        first = life.suggestions[before]
        if first.rank == rank:
            assert first.new or at >= refused_at + RULES.ask_again
            assert first.refused is not None
            assert not first.refused.met & set(first.new)
            assert all(CRITERIA[key] >= first.rank for key in first.new)
        break


@given(NOISE, st.integers(1, 4))
def test_at_or_below_what_a_person_set_the_machine_is_silent(noise: list[tuple[float, set[str]]], decided: int) -> None:
    life = Life(decided=decided)
    for at, seen in grades(noise):
        life.look(at, seen.rank, **seen.met)
    assert all(one.rank > decided for one in life.suggestions)


@given(st.permutations(["a", "b", "c"]))
def test_decisions_are_heeded_once_and_in_their_own_order(order: list[str]) -> None:
    decisions = {key: Decision(key, i * 10.0, key, refused=(i + 1, i + 1)) for i, key in enumerate("abc")}
    given_at_once = heed(Holding(), [decisions[key] for key in order], RULES)
    assert given_at_once == heed(Holding(), decisions.values(), RULES)
    assert heed(given_at_once, decisions.values(), RULES) == given_at_once

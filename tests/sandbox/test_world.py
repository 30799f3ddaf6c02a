"""The town: the same by its seed, with a rhythm, three events, and numbers that agree with one another."""

import collections
import statistics
from datetime import UTC, date, datetime, timedelta

import pytest
from tidemere import MOMENT, Town

from oint_magics.sandbox.world import DAYS, World

LAST = date(2026, 11, 1)


def key(posts):
    return [(post.number, post.author.username, post.text, post.likes) for post in posts]


@pytest.fixture(scope="module")
def world():
    return World(7, LAST)


@pytest.fixture(scope="module")
def posts(world):
    return world.until(MOMENT)


def when(post):
    return datetime.fromtimestamp(post.at, UTC)


def day(world, post):
    return (when(post).date() - world.first).days


def test_the_same_seed_and_day_make_the_same_town(posts):
    assert key(World(7, LAST).until(MOMENT)) == key(posts)
    assert key(World(8, LAST).until(MOMENT)) != key(posts)


def test_its_size(world, posts):
    assert len(world.accounts) == 40
    assert 3500 <= len(posts) <= 4600
    assert {day(world, post) for post in posts} == set(range(DAYS))
    assert posts[-1].at <= MOMENT
    assert len({post.number for post in posts}) == len(posts)
    assert [post.at for post in posts] == sorted(post.at for post in posts)
    assert collections.Counter(post.lang for post in posts).keys() == {"en", "de"}


def test_a_new_day_brings_new_posts_and_changes_no_other():
    world = World(7, LAST)
    before = key(world.until(MOMENT))

    after = key(world.until(MOMENT + 86_400))

    assert after[: len(before)] == before
    assert 15 <= len(after) - len(before) <= 100
    assert key(World(7, LAST).until(MOMENT + 86_400)) == after


def test_a_rhythm_of_days_and_weeks(posts):
    hours = collections.Counter(when(post).hour for post in posts if post.author.kind != "bot")
    assert hours[18] > 5 * hours[3]
    assert sum(hours[hour] for hour in range(18, 22)) > 3 * sum(hours[hour] for hour in range(2, 6))
    offices = collections.Counter(when(post).weekday() > 4 for post in posts if post.author.kind == "council")
    assert offices[True] < offices[False] / 3
    bus = collections.Counter(when(post).hour for post in posts if post.author.kind == "bus")
    assert bus[7] + bus[17] > 4 * (bus[11] + bus[3])
    assert {when(post).hour for post in posts if post.author.kind == "bot"} == {0, 6, 12, 18}


@pytest.mark.parametrize(
    ("tag", "days", "weekday"), [("#tidemerestorm", 3, None), ("#lanternfest", 3, 4), ("#tidemerederby", 1, 5)]
)
def test_an_event(world, posts, tag, days, weekday):
    found = collections.Counter(day(world, post) for post in posts if tag in post.text and not post.reposted)
    most = [each for each, _ in found.most_common(days)]

    assert sum(found[each] for each in most) > 0.75 * sum(found.values())
    assert max(most) - min(most) == days - 1
    assert min(found[each] for each in most) >= 10
    if weekday is None:
        assert found.most_common(1)[0][0] == 39  # The fortieth day.
    else:
        assert (world.first + timedelta(min(most))).weekday() == weekday


def test_posts_with_photos_are_liked_more(posts):
    own = [post for post in posts if not (post.replied or post.reposted or post.quoted)]
    likes = {bool(post.media): [] for post in own}
    for post in own:
        likes[bool(post.media)].append(post.likes)

    assert statistics.median(likes[True]) > 1.5 * statistics.median(likes[False])
    assert max(post.likes for post in posts) > 30 * statistics.median(post.likes for post in own)


def test_what_refers_to_something_comes_after_it(posts):
    for post in posts:
        for other, mine in ((post.replied, "replies"), (post.quoted, "quotes"), (post.reposted, "reposts")):
            if other:
                assert other.at < post.at
                assert post in getattr(other, mine)
        if post.replied:
            assert post.text.startswith(f"@{post.replied.author.username} ")
            assert post.root.replied is None
    kinds = collections.Counter(
        next((n for n in ("replied", "quoted", "reposted") if getattr(post, n)), "own") for post in posts
    )
    assert min(kinds.values()) > 100
    assert sum(bool(post.poll) for post in posts) == 2
    assert 5 < sum(bool(post.edits) for post in posts) < 100
    assert any(post.link for post in posts)


def test_who_follows_whom_makes_sense(world):
    by = {each.username: each for each in world.accounts.values()}
    followers = {name: sum(each.number in one.follows for one in by.values()) for name, each in by.items()}

    assert followers["tidemerelantern"] > 2 * statistics.median(followers.values())
    assert all(each.number not in each.follows for each in by.values())
    assert not by["tidemeretides"].follows


def test_the_clock_moves_the_town():
    town = Town()
    try:
        before, users = town.posts, town.ask("users/me", user__fields="public_metrics")
        assert town.sandbox.clock.set("+1d") is False
        assert len(town.posts) > len(before)
        assert town.ask("users/me") == (
            401,
            {"title": "Unauthorized", "detail": "Unauthorized", "type": "about:blank", "status": 401},
        )
        assert town.sandbox.clock.set("2026-11-01T09:00Z") is True
        town.sandbox.posts.restart()
        assert key(town.posts) == key(before)
        assert town.ask("users/me", user__fields="public_metrics") == users
    finally:
        town.sandbox.stop()


@pytest.mark.parametrize("text", ["", "1d", "+1w", "+d", "tomorrow", "2026-13-01", "+99999999d"])
def test_a_clock_that_is_none(sandbox, text):
    with pytest.raises(ValueError):
        sandbox.clock.set(text)

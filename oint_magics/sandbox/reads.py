"""The reads: what each call of the catalogue lists; how it is checked, shown, cut into pages and billed is the same."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.sandbox import answers, bills, checks, counts, documents, queries, timelines, world
from oint_magics.sandbox.accounts import OWNER
from oint_magics.sandbox.shown import Shower
from oint_magics.sandbox.subjects import Subject
from oint_magics.sandbox.timelines import WrongValue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oint_magics.sandbox.answers import Reply
    from oint_magics.sandbox.shown import Item
    from oint_magics.sandbox.town import Account
    from oint_magics.sandbox.views import View
    from oint_magics.sandbox.world import Post


class Found(NamedTuple):
    """What a call lists.

    Attributes:
        items: posts, accounts or lists.
        missing: what is not there: its kind, the parameter that named it, and the name.
    """

    items: Sequence[Item] = ()
    missing: Sequence[tuple[str, str, str]] = ()


def answer(view: View) -> Reply:
    """Answer a read that was checked.

    Args:
        view: the town, as the call sees it.
    """
    try:
        if view.entry.path in OTHERS:
            return OTHERS[view.entry.path](view)
        return _listed(view, ITEMS[view.entry.path](view))
    except WrongValue as error:
        value = view.query.get(error.name, view.words.get(error.name, ""))
        return answers.invalid_parameters([checks.Fault(error.name, [value], str(error))])
    except queries.WrongQuery as error:
        return answers.invalid_parameters([checks.Fault("query", [view.query["query"]], str(error))])


def _listed(view: View, found: Found) -> Reply:
    errors = [answers.no_resource(*each) for each in found.missing]
    if errors or "max_results" not in view.entry.parameters:
        return _answer(view, list(found.items), errors, {})
    page = timelines.page(view, found.items)
    meta: dict[str, Any] = {"result_count": len(page.items)}
    if page.items and view.entry.gives == "Post":
        numbers = [each.number for each in page.items]
        meta |= {"newest_id": max(numbers, key=int), "oldest_id": min(numbers, key=int)}
    meta |= {"next_token": page.next_token} if page.next_token else {}
    return _answer(view, page.items, [], {"meta": meta})


def _answer(view: View, items: list[Item], errors: list[dict[str, Any]], more: dict[str, Any]) -> Reply:
    shower = Shower(view)
    shown = shower.show(items)
    includes = shower.includes()
    posts = view.memory.posts
    posts.give([each.number for each in items if isinstance(each, world.Post)])
    kind = view.entry.price
    # A like, a follow, a mute or a block is one account's for another: the same account elsewhere is billed again.
    of = "" if kind in _THINGS else f"{view.words.get('id', '')} "
    _bill(view, [(kind, of + each.number) for each in items], shower.billed())
    data: Any = shown if view.entry.is_list else next(iter(shown), None)
    document = ({"data": data} if data else {}) | includes | ({"errors": errors} if errors else {}) | more
    return answers.document(200, document)


def _bill(view: View, own: list[tuple[str, str]], others: list[tuple[str, str]]) -> None:
    """Bill what a call lists, and what came beside it, which is never one of the cheaper owned reads."""
    person, path = view.person, view.entry.path.removeprefix("/2/")
    is_owned = path in _OWNED and person is not None and person.number == view.words.get("id") == OWNER
    view.memory.bills.read(view.client_id, view.now, own, is_owned=is_owned)
    view.memory.bills.read(view.client_id, view.now, others, is_owned=False)


_THINGS = {"post", "user", "list"}
_OWNED = {f"users/{{id}}/{name}" for name in (
    "tweets", "mentions", "liked_tweets", "bookmarks", "followers", "following", "blocking", "muting", "owned_lists",
    "followed_lists", "list_memberships", "pinned_lists",
)}  # fmt: skip


def _own(view: View) -> str:
    """Return the id of who calls, where a call wants its own.

    Raises:
        WrongValue: it is somebody else's.
    """
    number = view.person.number if view.person else ""
    if view.words["id"] != number:
        raise WrongValue("id", f"The `id` query parameter value must be the same as the authenticating user [{number}]")
    return number


def _account(view: View) -> Account | Found:
    number = view.words["id"]
    return view.people.of.get(number) or Found(missing=[("user", "id", number)])


def _posts_by_ids(view: View) -> Found:
    pairs = [(number, view.post(number)) for number in dict.fromkeys(view.names("ids"))]
    missing = [("tweet", "ids", number) for number, post in pairs if post is None]
    return Found([post for _, post in pairs if post], missing)


def _post(view: View) -> Found:
    number = view.words["id"]
    post = view.post(number)
    return Found([post]) if post else Found(missing=[("tweet", "id", number)])


def _of_post(list_: Callable[[View, Post], Sequence[Item]]) -> Callable[[View], Found]:
    """Return a call that lists something of a post."""

    def found(view: View) -> Found:
        one = _post(view)
        return Found(list_(view, one.items[0])) if one.items else one  # type: ignore[arg-type]  # a post

    return found


def _of_account(list_: Callable[[View, Account], Sequence[Item]], *, is_own: bool = False) -> Callable[[View], Found]:
    """Return a call that lists something of an account."""

    def found(view: View) -> Found:
        if is_own:
            _own(view)
        account = _account(view)
        return account if isinstance(account, Found) else Found(list_(view, account))

    return found


def _newest(posts: Sequence[Post]) -> list[Post]:
    return sorted(posts, key=lambda post: int(post.number), reverse=True)


def _now(view: View, posts: Sequence[Post]) -> list[Post]:
    return [post for post in posts if post.at <= view.now]


def _quotes(view: View, post: Post) -> list[Post]:
    excluded = view.fields("exclude")
    return [each for each in _newest(_now(view, post.quotes)) if not ("replies" in excluded and each.replied)]


def _mentions(view: View, account: Account) -> list[Post]:
    name = f"@{account.username}".lower()
    named = [
        post for post in view.posts if name in post.text.lower() and post.author is not account and not post.reposted
    ]
    return timelines.within(view, [post for post in named if account.username.lower() in {
        each.lower() for each in documents.MENTION.findall(post.text)}])  # fmt: skip


def _home(view: View, account: Account) -> list[Post]:
    muted = set(view.people.muted[account.number])
    seen = (account.follows | {account.number}) - muted
    return timelines.within(view, [post for post in view.posts if post.author.number in seen])


def _liked(view: View, account: Account) -> list[Post]:
    return _newest([post for post in view.posts if view.memory.posts.likes(account, post, view.now)])


def _likers(view: View, post: Post) -> list[Account]:
    return _accounts(view, view.memory.posts.likers(post, view.now))


def _bookmarks(view: View, account: Account) -> list[Post]:
    found = (view.post(number) for number in reversed(view.people.bookmarks[account.number]))
    return [post for post in found if post]


def _accounts(view: View, numbers: Sequence[str]) -> list[Account]:
    return [view.people.of[number] for number in numbers]


def _users_by_ids(view: View) -> Found:
    pairs = [(number, view.people.of.get(number)) for number in dict.fromkeys(view.names("ids"))]
    return Found(
        [each for _, each in pairs if each], [("user", "ids", number) for number, each in pairs if each is None]
    )


def _users_by_names(view: View) -> Found:
    pairs = [(name, view.people.named(name)) for name in dict.fromkeys(view.names("usernames"))]
    return Found(
        [each for _, each in pairs if each], [("user", "usernames", name) for name, each in pairs if each is None]
    )


def _user_by_name(view: View) -> Found:
    name = view.words["username"]
    account = view.people.named(name)
    return Found([account]) if account else Found(missing=[("user", "username", name)])


def _user(view: View) -> Found:
    account = _account(view)
    return account if isinstance(account, Found) else Found([account])


def _me(view: View) -> Found:
    return Found([view.people.of[view.person.number]] if view.person else ())


def _users_found(view: View) -> Found:
    words = view.query["query"].lower().split()
    texts = ((each, f"{each.username} {each.name} {each.about}".lower()) for each in view.people.of.values())
    return Found([each for each, text in texts if all(word in text for word in words)])


def _reposts_of_me(view: View) -> Found:
    number = view.person.number if view.person else ""
    return Found([post for post in _newest(view.posts_of(number)) if _now(view, post.reposts)])


def _seen_lists(view: View) -> list[Any]:
    number = view.person.number if view.person else ""
    return [each for each in view.lists.values() if not each.is_private or each.owner == number]


def _lists(member: str) -> Callable[[View], Found]:
    def of(view: View, account: Account) -> Sequence[Item]:
        if member == "owner":
            return [each for each in _seen_lists(view) if each.owner == account.number]
        return [each for each in _seen_lists(view) if account.number in getattr(each, member)]

    return _of_account(of, is_own=member == "pinned")


def _list(view: View) -> Found:
    number = view.words["id"]
    found = [each for each in _seen_lists(view) if each.number == number]
    return Found(found) if found else Found(missing=[("list", "id", number)])


def _of_list(list_: Callable[[View, Any], Sequence[Item]]) -> Callable[[View], Found]:
    def found(view: View) -> Found:
        one = _list(view)
        return Found(list_(view, one.items[0])) if one.items else one

    return found


def _list_posts(view: View, found: Any) -> list[Post]:
    return _newest([post for post in view.posts if post.author.number in found.members])


def matched(view: View) -> list[Post]:
    """Return the posts that a call's query finds, within its bounds, the newest first.

    Raises:
        WrongQuery: X does not take the query.
        WrongValue: the bounds contradict each other, or lie before the last seven days.
    """
    is_recent = view.entry.path.endswith("recent")
    test = queries.read(view.query["query"], queries.LONGEST["recent" if is_recent else "all"])
    posts = view.posts
    timelines.searched(view, is_recent=is_recent)
    if is_recent:
        posts = timelines.week(view, posts)
    lists = {each.number: each for each in _seen_lists(view)}
    found = [post for post in timelines.within(view, posts) if test(Subject(post, view.now, lists))]
    if view.query.get("sort_order") == "relevancy":
        found.sort(key=lambda post: documents.counts(post, view.now)["like_count"], reverse=True)
    return found


def _search(view: View) -> Found:
    return Found(matched(view))


def _counted(view: View) -> Reply:
    reply = answers.document(200, counts.answer(view, matched(view)))
    view.memory.bills.request(view.client_id, view.now, view.entry.price)
    return reply


def _trends(view: View) -> Reply:
    found = _tags(view)[: view.number("max_trends") or 20]
    view.memory.bills.request(view.client_id, view.now, view.entry.price)
    return answers.document(200, {"data": [{"trend_name": f"#{tag}", "tweet_count": count} for tag, count in found]})


def _personal_trends(view: View) -> Reply:
    found = [
        {"category": "Town", "post_count": f"{count} posts", "trend_name": f"#{tag}", "trending_since": "today"}
        for tag, count in _tags(view)[:10]
    ]
    fields = view.fields("personalized_trend.fields")
    view.memory.bills.request(view.client_id, view.now, view.entry.price)
    return answers.document(
        200, {"data": [{k: v for k, v in each.items() if not fields or k in fields} for each in found]}
    )


def _tags(view: View) -> list[tuple[str, int]]:
    """Return the hashtags of the last day with how often each was used, those of most posts first."""
    recent = [post for post in view.posts if post.at > view.now - 7 * 86_400 and not post.reposted]
    return Counter(tag for post in recent for tag in documents.HASHTAG.findall(post.text)).most_common()


def _usage(view: View) -> Reply:
    days = view.number("days") or 7
    book = view.memory.bills
    usage = [
        {"date": f"{on}T00:00:00.000Z", "usage": book.reads(view.client_id, on)}
        for on in (bills.day(view.now - 86_400 * n) for n in range(days - 1, -1, -1))
    ]
    total = sum(each["usage"] for each in usage)  # type: ignore[misc]
    data = {
        "project_id": "1",
        "project_cap": str(bills.CAP),
        "project_usage": str(total),
        "cap_reset_day": 1,
        "daily_project_usage": {"project_id": "1", "usage": usage},
        "daily_client_app_usage": [{"client_app_id": view.client_id, "usage": usage, "usage_result_count": len(usage)}],
    }
    fields = view.fields("usage.fields") | {"project_id", "project_cap", "project_usage", "cap_reset_day"}
    return answers.document(200, {"data": {key: value for key, value in data.items() if key in fields}})


def _credits(view: View) -> Reply:
    if view.memory.faults.take({"404"}):
        return answers.Reply(404, b"")
    left = float(view.memory.bills.left)
    data = {"free_balance": 0.0, "prepaid_balance": left, "total_balance": left}
    return answers.document(200, {"data": data})


ITEMS: dict[str, Callable[[View], Found]] = {
    "/2/tweets": _posts_by_ids,
    "/2/tweets/{id}": _post,
    "/2/tweets/{id}/liking_users": _of_post(_likers),
    "/2/tweets/{id}/quote_tweets": _of_post(_quotes),
    "/2/tweets/{id}/retweeted_by": _of_post(
        lambda view, post: [each.author for each in _newest(_now(view, post.reposts))]
    ),
    "/2/tweets/{id}/retweets": _of_post(lambda view, post: _newest(_now(view, post.reposts))),
    "/2/tweets/search/recent": _search,
    "/2/tweets/search/all": _search,
    "/2/users": _users_by_ids,
    "/2/users/by": _users_by_names,
    "/2/users/by/username/{username}": _user_by_name,
    "/2/users/me": _me,
    "/2/users/search": _users_found,
    "/2/users/reposts_of_me": _reposts_of_me,
    "/2/users/{id}": _user,
    "/2/users/{id}/tweets": _of_account(lambda view, account: timelines.within(view, view.posts_of(account.number))),
    "/2/users/{id}/mentions": _of_account(_mentions),
    "/2/users/{id}/timelines/reverse_chronological": _of_account(_home, is_own=True),
    "/2/users/{id}/followers": _of_account(lambda view, account: view.people.followers(account.number)),
    "/2/users/{id}/following": _of_account(lambda view, account: view.people.following(account.number)),
    "/2/users/{id}/liked_tweets": _of_account(_liked),
    "/2/users/{id}/bookmarks": _of_account(_bookmarks, is_own=True),
    "/2/users/{id}/muting": _of_account(
        lambda view, account: _accounts(view, view.people.muted[account.number][::-1]), is_own=True
    ),
    "/2/users/{id}/blocking": _of_account(
        lambda view, account: _accounts(view, view.people.blocked[account.number][::-1]), is_own=True
    ),
    "/2/users/{id}/owned_lists": _lists("owner"),
    "/2/users/{id}/followed_lists": _lists("followers"),
    "/2/users/{id}/list_memberships": _lists("members"),
    "/2/users/{id}/pinned_lists": _lists("pinned"),
    "/2/lists/{id}": _list,
    "/2/lists/{id}/followers": _of_list(lambda view, found: _accounts(view, found.followers)),
    "/2/lists/{id}/members": _of_list(lambda view, found: _accounts(view, found.members[::-1])),
    "/2/lists/{id}/tweets": _of_list(_list_posts),
}
OTHERS: dict[str, Callable[[View], Reply]] = {
    "/2/tweets/counts/recent": _counted,
    "/2/tweets/counts/all": _counted,
    "/2/trends/by/woeid/{woeid}": _trends,
    "/2/users/personalized_trends": _personal_trends,
    "/2/usage/tweets": _usage,
    "/2/usage/credits": _credits,
}

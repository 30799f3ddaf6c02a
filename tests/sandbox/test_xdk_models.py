"""X's own client takes each read apart by models that X's description made."""

import inspect

import pytest
import xdk
from tidemere import Town

OWN = "2244994945"


@pytest.fixture(scope="module")
def town():
    town = Town()
    yield town
    town.sandbox.stop()


FIELDS = {
    "post_fields": ["created_at", "public_metrics", "entities", "lang", "attachments", "conversation_id"],
    "user_fields": ["created_at", "public_metrics", "description", "verified"],
    "list_fields": ["created_at", "member_count", "description"],
}
READS = {
    "users": ["get_blocking", "get_bookmarks", "get_by_id", "get_by_ids", "get_by_username", "get_by_usernames", "get_followed_lists",
              "get_followers", "get_following", "get_liked_posts", "get_list_memberships", "get_me", "get_mentions", "get_muting",
              "get_owned_lists", "get_pinned_lists", "get_posts", "get_reposts_of_me", "get_timeline", "search"],
    "posts": ["get_by_id", "get_by_ids", "get_counts_all", "get_counts_recent", "get_liking_users", "get_quoted", "get_reposted_by",
              "get_reposts", "search_all", "search_recent"],
    "lists": ["get_by_id", "get_followers", "get_members", "get_posts"],
    "trends": ["get_by_woeid", "get_personalized"],
    "usage": ["get"],
}  # fmt: skip
# These take an app's own token alone.
APP_ONLY = {"get_counts_all", "get_counts_recent", "search_all", "get"}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in READS.items() for name in names])
def test_xdk_s_own_models_take_each_read(town, kind, name):
    """Each vocabulary is answered in its own words: xdk speaks the newer one, and its models want every number."""
    tokens = {"bearer_token": town.app_token} if name in APP_ONLY else {"access_token": town.token}
    method = getattr(getattr(xdk.Client(base_url=town.sandbox.url, **tokens), kind), name)
    liked = max(town.posts, key=lambda post: len(post.replies) + 5 * len(post.quotes) + 5 * len(post.reposts)).number
    of = {
        "users": {"id": OWN}, "posts": {"id": liked}, "lists": {"id": next(iter(town.sandbox.posts.lists))},
    }.get(kind, {})  # fmt: skip
    values = {
        "ids": [liked if kind == "posts" else OWN, "1"], "username": "TidemereLantern", "usernames": ["tidemerelantern", "nobody_x"],
        "query": "bus", "woeid": 44418,
    } | of | FIELDS  # fmt: skip
    known = inspect.signature(method).parameters

    found = method(**{key: value for key, value in values.items() if key in known})
    page = next(iter(found)) if inspect.isgenerator(found) or hasattr(found, "__next__") else found

    assert page is not None
    document = page.model_dump()
    assert (
        document.get("data")
        or document.get("meta")
        or name in ("get_bookmarks", "get_muting", "get_blocking", "get_pinned_lists")
    )

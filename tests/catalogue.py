"""`make catalogue FROM=openapi.json`: the reads of X's OpenAPI description, as the package has them; what has changed.

X publishes the description at https://api.x.com/2/openapi.json. Prices are not in it: `oint_magics/api/prices.json` is
kept by hand.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

PLACE = Path(__file__).parent.parent / "oint_magics" / "api" / "catalogue.json"
# What is no read of a notebook: streams, webhooks, compliance, broadcasts, and files.
KEPT_OUT = ("stream", "webhook", "compliance", "broadcast", "account_activity", "activity", "connections",
            "openapi.json", "media/upload", "chat/media", "dm_conversations/media", "public_keys")  # fmt: skip
# Reads that X has named in its documents, and that are not in its description yet.
MORE = {
    "usage/credits": {"scopes": [], "app": True, "gives": "UsageCredits", "list": False, "paged": False, "params": {}},
}
_KINDS = {"integer": "number", "boolean": "flag", "array": "list"}
# Rows have the names of the `tweet` vocabulary, and so are the fields of posts asked for.
WORDS = {
    "referenced_posts": "referenced_tweets",
    "note_post": "note_tweet",
    "edit_history_post_ids": "edit_history_tweet_ids",
    "most_recent_post_id": "most_recent_tweet_id",
    "pinned_post_id": "pinned_tweet_id",
}


class Description:
    """X's OpenAPI description.

    Args:
        document: its JSON.

    Attributes:
        version: its version.
        reads: the calls that read, by path below `/2/`.
        words: the words of each list of fields or expansions, in the `tweet` vocabulary, by the list's name.
    """

    def __init__(self, document):
        self._document = document
        self.version = document["info"]["version"]
        self.words = {}
        self.reads = {}
        for path, methods in sorted(document["paths"].items()):
            below, call = path.removeprefix("/2/"), methods.get("get")
            # The streams alone name the older vocabulary, which X takes everywhere.
            read = call and self._read(call)
            if read and not any(word in below for word in KEPT_OUT):
                self.reads[below] = read

    def _read(self, call):
        security = {name: scopes for each in call.get("security", []) for name, scopes in each.items()}
        gives, is_list = self._gives(call)
        params = {
            _name(each["name"]): self._parameter(each, gives) for each in map(self._of, call.get("parameters", []))
        }
        return {
            "scopes": sorted(security["OAuth2UserToken"]) if "OAuth2UserToken" in security else None,
            "app": "BearerToken" in security,
            "gives": gives,
            "list": is_list,
            "paged": bool({"pagination_token", "next_token"} & set(params)),
            "params": dict(sorted(params.items())),
        }

    def _gives(self, call):
        content = self._of(call["responses"]["200"]).get("content", {}).get("application/json", {"schema": {}})
        data = self._of(content["schema"]).get("properties", {}).get("data", {})
        is_list = self._of(data).get("type") == "array"
        return (data.get("items", {}) if is_list else data).get("$ref", "object").rpartition("/")[2], is_list

    def _parameter(self, parameter, gives):
        schema, name = self._of(parameter["schema"]), _name(parameter["name"])
        items = self._of(schema.get("items", {}))
        kind = "time" if schema.get("format") == "date-time" else _KINDS.get(schema.get("type"), "text")
        least = next((schema[key] for key in ("minimum", "minLength") if key in schema), None)
        most = next((schema[key] for key in ("maximum", "maxLength", "maxItems") if key in schema), None)
        words = schema.get("enum") or items.get("enum")
        if words and (name.endswith(".fields") or name == "expansions"):
            words = self._noted(name if name != "expansions" else f"expansions.{gives}", words)
        found = {
            "in": "path" if parameter["in"] == "path" else None,
            "type": kind,
            "required": parameter.get("required") or None,
            "least": least,
            "most": most,
            "default": schema.get("default"),
            "pattern": schema.get("pattern") or items.get("pattern"),
            "of": words,
        }
        return {key: value for key, value in found.items() if value is not None}

    def _noted(self, name, words):
        named = expansion if name.startswith("expansions.") else lambda word: WORDS.get(word, word)
        self.words[name] = sorted({named(word) for word in words} | set(self.words.get(name, ())))
        return name

    def _of(self, part):
        """Follow a reference."""
        while "$ref" in part:
            found = self._document
            for word in part["$ref"].removeprefix("#/").split("/"):
                found = found[word]
            part = found
        return part


def expansion(word):
    """Return an expansion's name in the `tweet` vocabulary, where it is not the field's."""
    return "referenced_tweets.id" if word == "referenced_posts" else WORDS.get(word, word)


def _name(name):
    return "tweet.fields" if name == "post.fields" else name


def changes(old, new):
    """Yield what differs between two catalogues, one line each."""
    for path in sorted(old.keys() | new.keys()):
        if path not in new or path not in old:
            yield f"{'+' if path in new else '-'} {path}"
            continue
        before, after = old[path], new[path]
        for key in sorted(before.keys() | after.keys() - {"params"}):
            if key != "params" and before.get(key) != after.get(key):
                yield f"  {path}: {key} was {before.get(key)}, is {after.get(key)}"
        for name in sorted(before["params"].keys() | after["params"].keys()):
            one, other = before["params"].get(name), after["params"].get(name)
            if one != other:
                yield f"  {path}: {name} was {one}, is {other}"


def main(source):
    description = Description(json.loads(Path(source).read_bytes()))
    reads = dict(sorted((MORE | description.reads).items()))
    old, today = json.loads(PLACE.read_bytes()), datetime.now(UTC).date().isoformat()
    new = {"source": "X's OpenAPI description", "version": description.version, "date": today}
    new |= {"words": description.words, "reads": reads}
    for line in [*changes(old["reads"], reads), *other_words(old["words"], description.words)]:
        print(line)
    PLACE.write_text(text(new))


def other_words(old, new):
    """Yield which words two catalogues have not in common, one line for each list."""
    for name in sorted(old.keys() | new.keys()):
        gone, added = set(old.get(name, ())) - set(new.get(name, ())), set(new.get(name, ())) - set(old.get(name, ()))
        if gone or added:
            yield f"  {name}: " + " ".join(
                [*(f"-{word}" for word in sorted(gone)), *(f"+{word}" for word in sorted(added))]
            )


def text(catalogue):
    """Return a catalogue as its file has it: a line for each read, so that a change shows."""
    head = json.dumps({key: value for key, value in catalogue.items() if key != "reads"})[:-1]
    reads = ",\n".join(f"{json.dumps(path)}: {json.dumps(each)}" for path, each in catalogue["reads"].items())
    return f'{head}, "reads": {{\n{reads}\n}}}}\n'


if __name__ == "__main__":
    main(sys.argv[1])

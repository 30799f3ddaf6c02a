"""X's OpenAPI description as a judge: what was sent and what came back, against its schemas."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

FOUND = next((path for path in Path(__file__).parents if (path / "shared/facts/x-openapi-subset.json").exists()), None)
FILE = FOUND and FOUND / "shared/facts/x-openapi-subset.json"


class Description:
    """The description.

    Args:
        file: it, as JSON.
    """

    def __init__(self, file):
        self._document = json.loads(Path(file).read_text("utf-8"))

    def has(self, path):
        """Tell whether a path is described, with its open words in braces."""
        return path in self._document["paths"]

    def faults_of(self, method, url, content_type, body, status, answer):
        """Return what does not fit in a request and its answer, as texts.

        Args:
            method: the request's.
            url: its address, with its parameters.
            content_type: its body's, or `None`.
            body: its body's fields, or `None`.
            status: the answer's.
            answer: its JSON.
        """
        parts = urlsplit(url)
        path, operation = self._operation(method, parts.path)
        if operation is None:
            return [f"{method} {parts.path} is not described"]
        found = self._parameters(operation, dict(parse_qsl(parts.query)), path, parts.path)
        wanted = operation.get("requestBody", {}).get("content", {})
        if body is not None:
            kind = (content_type or "").partition(";")[0]
            schema = wanted.get(kind, {}).get("schema")
            found += self._wrong(body, schema) if schema else [f"a body of {kind}"]
        elif operation.get("requestBody", {}).get("required"):
            found.append("no body")
        if str(status) in operation["responses"]:
            found += self._wrong(answer, operation["responses"][str(status)]["content"]["application/json"]["schema"])
        elif status < 300:
            found.append(f"status {status}")
        return found

    def _operation(self, method, path):
        """Return the described path that fits; one with the fewest open words."""
        for known in sorted(self._document["paths"], key=lambda name: name.count("{")):
            if (
                re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path)
                and method.lower() in self._document["paths"][known]
            ):
                return known, self._document["paths"][known][method.lower()]
        return None, None

    def _parameters(self, operation, query, known, path):
        found = []
        given = dict(
            zip(
                re.findall(r"\{(\w+)\}", known),
                re.fullmatch(re.sub(r"\{\w+\}", "([^/]+)", known), path).groups(),
                strict=True,
            )
        )
        for each in operation.get("parameters", []):
            parameter = self._resolved(each)
            name, schema = parameter["name"], self._resolved(parameter["schema"])
            value = given.pop(name, None) if parameter["in"] == "path" else query.pop(name, None)
            if value is None:
                found += [f"{name} is missing"] * bool(parameter.get("required"))
                continue
            typed = {"integer": lambda v: int(v) if v.isdecimal() else v, "array": lambda v: v.split(",")}
            found += [f"{name}: {wrong}" for wrong in self._wrong(typed.get(schema.get("type"), str)(value), schema)]
        return found + [f"{name} is no parameter" for name in query]

    def _resolved(self, schema):
        while "$ref" in schema:
            node = self._document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                node = node[step]
            schema = node
        return schema

    def _wrong(self, value, schema):
        import jsonschema  # Takes seconds, and most runs that import this compare nothing.

        whole = _of_today(schema | {"components": self._document["components"]})
        return [
            f"{error.json_path}: {error.message[:200]}"
            for error in jsonschema.Draft7Validator(whole).iter_errors(value)
        ]


def _of_today(schema):
    """Return an OpenAPI 3.0 schema as a JSON schema: `nullable` is a type there."""
    if isinstance(schema, list):
        return [_of_today(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        key: _of_today(value) for key, value in schema.items() if key not in ("nullable", "discriminator", "format")
    }
    if schema.get("nullable") and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    return found

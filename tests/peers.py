"""Clients that others wrote, each with the same nine calls, or those of them that it has.

Only the host of a request is changed, at the connection, for those that have X's in their code.
"""

import base64
import hashlib
import json
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

import authlib.common.security
import pytwitter
import requests
import requests_oauthlib
import twarc.client2
import tweepy
import xdk
from authlib.integrations import requests_client
from tidemere import EVERY_SCOPE
from xdk.media.models import UploadRequest
from xdk.posts.models import CreateRequest

CALLS = ("login", "refresh", "me", "timeline", "search", "post", "delete", "media", "errors")
QUERY = "#tides"


class Peer:
    """What all of them have: an app of the town, and the tokens that they were given."""

    def __init__(self, town):
        self.town, self.url = town, town.sandbox.url
        self.app = town.sandbox.app()
        self.tokens = {"access_token": town.token}
        if "login" not in LACKS.get(type(self), {}):
            self.tokens = self.login()

    def code(self, link):
        """Return the address that the browser is sent back to."""
        return self.town.sandbox.approve(link)


class Xdk(Peer):
    """X's own, for Python."""

    def login(self):
        app = self.app
        self.client = xdk.Client(base_url=self.url, authorization_base_url=f"{self.url}/i", client_id=app["client_id"],
                                 client_secret=app["client_secret"], redirect_uri=app["redirect_uri"], scope=EVERY_SCOPE)  # fmt: skip
        back = self.code(self.client.get_authorization_url("a state"))
        return self.client.exchange_code(parse_qs(urlsplit(back).query)["code"][0])

    def refresh(self):
        return self.client.refresh_token()

    def me(self):
        return self.client.users.get_me().data.username

    def timeline(self, number):
        page = next(self.client.users.get_posts(number, max_results=10, post_fields=["public_metrics"]))
        return [post.id for post in page.data]

    def search(self):
        return [post.id for post in next(self.client.posts.search_recent(QUERY, max_results=10)).data]

    def post(self, text):
        return self.client.posts.create(CreateRequest(text=text)).data.id

    def delete(self, number):
        return self.client.posts.delete(number).data.deleted

    def media(self, content):
        body = UploadRequest(media=base64.b64encode(content).decode(), media_category="tweet_image")
        return self.client.media.upload(body).data.id

    def errors(self, number):
        next(self.client.users.get_posts(number, max_results=4))


class Tweepy(Peer):
    """Its own methods take an access token, and it uploads by X's API 1.1 alone."""

    def login(self):
        app = self.app
        self.handler = tweepy.OAuth2UserHandler(client_id=app["client_id"], client_secret=app["client_secret"],
                                                redirect_uri=app["redirect_uri"], scope=EVERY_SCOPE.split())  # fmt: skip
        back = self.code(self.handler.get_authorization_url()).replace("http://", "https://")
        tokens = self.handler.fetch_token(back)
        self.client = tweepy.Client(tokens["access_token"])
        return tokens

    def refresh(self):
        return self.handler.refresh_token("https://api.twitter.com/2/oauth2/token", auth=self.handler.auth)

    def me(self):
        return self.client.get_me(user_auth=False).data.username

    def timeline(self, number):
        found = self.client.get_users_tweets(number, max_results=10, tweet_fields=["public_metrics"])
        return [str(post.id) for post in found.data]

    def search(self):
        return [str(post.id) for post in self.client.search_recent_tweets(QUERY, max_results=10).data]

    def post(self, text):
        return self.client.create_tweet(text=text, user_auth=False).data["id"]

    def delete(self, number):
        return self.client.delete_tweet(number, user_auth=False).data["deleted"]

    def errors(self, number):
        self.client.get_users_tweets(number, max_results=4)


class Twarc(Peer):
    """It reads alone, with a token that others got."""

    def __init__(self, town):
        super().__init__(town)
        self.client = twarc.client2.Twarc2(bearer_token=self.tokens["access_token"])

    def timeline(self, number):
        return [post["id"] for post in next(self.client.timeline(number, max_results=10))["data"]]

    def search(self):
        return [post["id"] for post in next(self.client.search_recent(QUERY, max_results=10))["data"]]

    def errors(self, number):
        next(self.client.timeline(number, max_results=4))


class PythonTwitterV2(Peer):
    """It logs in by authlib; it cannot refresh."""

    def login(self):
        app = self.app
        self.client = pytwitter.Api(client_id=app["client_id"], client_secret=app["client_secret"], oauth_flow=True,
                                    callback_uri=app["redirect_uri"], scopes=EVERY_SCOPE.split())  # fmt: skip
        link, verifier, _ = self.client.get_oauth2_authorize_url()
        back = self.code(link).replace("http://", "https://")
        return self.client.generate_oauth2_access_token(back, verifier)

    def me(self):
        return self.client.get_me().data.username

    def timeline(self, number):
        return [post.id for post in self.client.get_timelines(number, max_results=10).data]

    def search(self):
        return [post.id for post in self.client.search_tweets(QUERY, max_results=10).data]

    def post(self, text):
        return self.client.create_tweet(text=text).id

    def delete(self, number):
        return self.client.delete_tweet(number)["data"]["deleted"]

    def media(self, content):
        found = self.client.upload_media_simple_v2(media=content, media_category="tweet_image", return_json=True)
        return found["data"]["id"]

    def errors(self, number):
        self.client.get_timelines(number, max_results=4)


class ByRequests(Peer):
    """The calls of the API for what is a session of `requests` alone, or sends the same as one."""

    def ask(self, method, path, **more):
        response = self.session.request(method, f"{self.url}/2/{path}", **more)
        if not response.ok:
            raise requests.HTTPError(response.text)
        return response.json()["data"]

    def me(self):
        return self.ask("GET", "users/me")["username"]

    def timeline(self, number):
        return [post["id"] for post in self.ask("GET", f"users/{number}/tweets", params={"max_results": 10})]

    def search(self):
        return [post["id"] for post in self.ask("GET", "tweets/search/recent", params={"query": QUERY})]

    def post(self, text):
        return self.ask("POST", "tweets", json={"text": text})["id"]

    def delete(self, number):
        return self.ask("DELETE", f"tweets/{number}")["deleted"]

    def media(self, content):
        return self.ask("POST", "media/upload", files={"media": content}, data={"media_category": "tweet_image"})["id"]

    def errors(self, number):
        self.ask("GET", f"users/{number}/tweets", params={"max_results": 4})


class Authlib(ByRequests):
    """Basic alone."""

    def login(self):
        app = self.app
        self.session = requests_client.OAuth2Session(app["client_id"], app["client_secret"], scope=EVERY_SCOPE,
            redirect_uri=app["redirect_uri"], code_challenge_method="S256", token_endpoint=f"{self.url}/2/oauth2/token")  # fmt: skip
        verifier = authlib.common.security.generate_token(48)
        link, _ = self.session.create_authorization_url(f"{self.url}/i/oauth2/authorize", code_verifier=verifier)
        return self.session.fetch_token(authorization_response=self.code(link), code_verifier=verifier)

    def refresh(self):
        return self.session.refresh_token()


class RequestsOauthlib(ByRequests):
    """Basic alone for an app with a secret, and `client_id` for one without."""

    is_public = False

    def login(self):
        app = self.app = self.town.sandbox.app(is_public=self.is_public)
        self.session = requests_oauthlib.OAuth2Session(app["client_id"], redirect_uri=app["redirect_uri"],
                                                       scope=EVERY_SCOPE.split(), pkce="S256")  # fmt: skip
        link, _ = self.session.authorization_url(f"{self.url}/i/oauth2/authorize")
        proof = {"include_client_id": True} if self.is_public else {"client_secret": app["client_secret"]}
        return self.session.fetch_token(f"{self.url}/2/oauth2/token", authorization_response=self.code(link), **proof)

    def refresh(self):
        app, address = self.app, f"{self.url}/2/oauth2/token"
        if self.is_public:
            return self.session.refresh_token(address, client_id=app["client_id"])
        return self.session.refresh_token(address, auth=(app["client_id"], app["client_secret"]))


class RequestsOauthlibPublic(RequestsOauthlib):
    is_public = True


class Xurl(ByRequests):
    """The requests that X's own command sends: it is a program in Go that no package index brings."""

    def login(self):
        app, verifier = self.app, secrets.token_urlsafe(32)
        state = base64.b64encode(secrets.token_bytes(32)).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        asked = {"client_id": app["client_id"], "redirect_uri": app["redirect_uri"], "response_type": "code",
                 "scope": EVERY_SCOPE, "state": state, "code_challenge": challenge.decode().rstrip("="),
                 "code_challenge_method": "S256"}  # fmt: skip
        back = parse_qs(urlsplit(self.code(f"{self.url}/i/oauth2/authorize?{urlencode(asked)}")).query)
        assert back["state"] == [state]
        return self.token(grant_type="authorization_code", code=back["code"][0], redirect_uri=app["redirect_uri"],
                          code_verifier=verifier)  # fmt: skip

    def token(self, **form):
        basic = (self.app["client_id"], self.app["client_secret"])
        tokens = requests.post(f"{self.url}/2/oauth2/token", data=form, auth=basic).json()
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return tokens

    def refresh(self):
        return self.token(grant_type="refresh_token", refresh_token=self.tokens["refresh_token"])

    def timeline(self, number):
        asked = {"max_results": 10, "tweet.fields": "created_at,public_metrics,conversation_id,entities",
                 "expansions": "referenced_tweets.id"}  # fmt: skip
        return [post["id"] for post in self.ask("GET", f"users/{number}/tweets", params=asked)]

    def search(self):
        asked = {"query": QUERY, "max_results": 10, "expansions": "author_id", "user.fields": "username,name,verified",
                 "tweet.fields": "created_at,public_metrics,conversation_id,entities"}  # fmt: skip
        return [post["id"] for post in self.ask("GET", "tweets/search/recent", params=asked)]

    def media(self, content):
        about = {"total_bytes": len(content), "media_type": "image/png", "media_category": "tweet_image"}
        headers = {"Content-Type": "application/json"}
        number = self.ask("POST", "media/upload/initialize", data=json.dumps(about), headers=headers)["id"]
        part = self.session.post(f"{self.url}/2/media/upload/{number}/append", data={"segment_index": "0"},
                                 files={"media": ("a.png", content)})  # fmt: skip
        assert part.ok
        return self.ask("POST", f"media/upload/{number}/finalize")["id"]


PEERS = {
    "xdk": Xdk,
    "tweepy": Tweepy,
    "twarc": Twarc,
    "python-twitter-v2": PythonTwitterV2,
    "authlib": Authlib,
    "requests-oauthlib": RequestsOauthlib,
    "requests-oauthlib, public": RequestsOauthlibPublic,
    "xurl": Xurl,
}
# The calls that a client does not have: where each would be, and a word that its name would contain.
LACKS = {
    Tweepy: {"media": (tweepy.Client, "media")},
    PythonTwitterV2: {"refresh": (pytwitter.Api, "refresh")},
    Twarc: {
        "login": (twarc.client2.Twarc2, "authoriz"),
        "refresh": (twarc.client2.Twarc2, "refresh"),
        "me": (twarc.client2.Twarc2, "get_me"),
        "post": (twarc.client2.Twarc2, "create_tweet"),
        "delete": (twarc.client2.Twarc2, "delete_tweet"),
        "media": (twarc.client2.Twarc2, "media"),
    },
}

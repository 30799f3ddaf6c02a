// Two clients of X for Node.js, call by call, as `tests/clients.py` asks for them: what each answers, in one line of JSON.
import http from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [place, url, lantern, query, scope] = process.argv.slice(2);
const load = createRequire(`${place}/`);
const { TwitterApi } = load("twitter-api-v2");
const { Client, OAuth2, generateCodeVerifier, generateCodeChallenge } = load("@xdevplatform/xdk");
const HOST = "https://api.x.com";
const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

// A person in front of the authorize page.
async function approve(link) {
  const page = await (await fetch(url + new URL(link).pathname + new URL(link).search)).text();
  const ticket = page.match(/name="ticket" value="([^"]+)"/)[1];
  const answer = await fetch(`${url}/i/oauth2/authorize`, {
    method: "POST", redirect: "manual", body: new URLSearchParams({ ticket, answer: "approve" }),
  });
  return new URL(answer.headers.get("location")).searchParams.get("code");
}

class TwitterApiV2 {
  async login(app) {
    const here = { onBeforeRequestConfig({ params }) { params.url = params.url.replace(HOST, url); } };
    const settings = { httpAgent: new http.Agent(), plugins: [here] };
    this.app = new TwitterApi({ clientId: app.client_id, clientSecret: app.client_secret }, settings);
    const link = this.app.generateOAuth2AuthLink(app.redirect_uri, { scope: scope.split(" ") });
    const code = await approve(link.url);
    const found = await this.app.loginWithOAuth2({ code, codeVerifier: link.codeVerifier, redirectUri: app.redirect_uri });
    this.client = found.client;
    this.token = found.refreshToken;
    return found.accessToken;
  }
  async refresh() { return (await this.app.refreshOAuth2Token(this.token)).accessToken; }
  async me() { return (await this.client.v2.me()).data.username; }
  async timeline() { return (await this.client.v2.userTimeline(lantern, { max_results: 10 })).tweets.map((post) => post.id); }
  async search() { return (await this.client.v2.search(query, { max_results: 10 })).tweets.map((post) => post.id); }
  async post(text) { return (await this.client.v2.tweet(text)).data.id; }
  async delete(id) { return (await this.client.v2.deleteTweet(id)).data.deleted; }
  async media() { return this.client.v2.uploadMedia(PICTURE, { media_type: "image/png" }); }
  async errors() { await this.client.v2.userTimeline(lantern, { max_results: 4 }); }
}

class Xdk {
  async login(app) {
    // Its login has X's host in its code; everything else takes `baseUrl`.
    const send = globalThis.fetch;
    globalThis.fetch = (address, ...more) => send(String(address).replace(HOST, url), ...more);
    this.oauth2 = new OAuth2({
      clientId: app.client_id, clientSecret: app.client_secret, redirectUri: app.redirect_uri, scope: scope.split(" "),
    });
    const verifier = generateCodeVerifier();
    await this.oauth2.setPkceParameters(verifier, await generateCodeChallenge(verifier));
    const code = await approve(await this.oauth2.getAuthorizationUrl("a state"));
    const tokens = await this.oauth2.exchangeCode(code, verifier);
    this.client = new Client({ baseUrl: url, accessToken: tokens.access_token });
    return tokens.access_token;
  }
  async refresh() { return (await this.oauth2.refreshToken()).access_token; }
  async me() { return (await this.client.users.getMe()).data.username; }
  async timeline() { return (await this.client.users.getPosts(lantern, { maxResults: 10 })).data.map((post) => post.id); }
  async search() { return (await this.client.posts.searchRecent(query, { maxResults: 10 })).data.map((post) => post.id); }
  async post(text) { return (await this.client.posts.create({ text })).data.id; }
  async delete(id) { return (await this.client.posts.delete(id)).data.deleted; }
  async media() {
    return (await this.client.media.upload({ media: PICTURE.toString("base64"), mediaCategory: "tweet_image" })).data.id;
  }
  async errors() { await this.client.users.getPosts(lantern, { maxResults: 4 }); }
}

const clients = { "twitter-api-v2": new TwitterApiV2(), "xdk for Node.js": new Xdk() };
for await (const line of createInterface({ input: process.stdin })) {
  const { client, call, value } = JSON.parse(line);
  let answer;
  try {
    answer = { value: await clients[client][call](value) };
  } catch (error) {
    answer = { status: error.code ?? error.status, error: `${error} ${JSON.stringify(error.data ?? {})}` };
  }
  console.log(JSON.stringify(answer));
}

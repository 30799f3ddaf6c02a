// What X's own library (twitter-text) says of texts: `node lengths.mjs FOLDER`, which has it in its node_modules.
// A list of texts comes in; for each goes out [length, [[start, size, has a protocol], …]], in code points of the
// text's form NFC. The last entry is the library's list of top-level domains.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(`${process.argv[2]}/package.json`);
const { default: library } = await import(require.resolve("twitter-text"));

const size = (text) => [...text].length;
const words = (name) => {
  const found = require(`twitter-text/dist/regexp/${name}.js`);
  return (found.default ?? found).source.match(/\(\?:\(\?:(.*?)\)\(\?=/)[1].split("|");
};

const counted = JSON.parse(readFileSync(0, "utf8")).map((text) => {
  const normal = text.normalize();
  const links = library.extractUrlsWithIndices(normal);
  return [
    library.parseTweet(text).weightedLength,
    links.map(({ url, indices }) => [size(normal.slice(0, indices[0])), size(url), /^https?:\/\//i.test(url)]),
  ];
});
process.stdout.write(JSON.stringify([...counted, [...words("validGTLD"), ...words("validCCTLD")]]));

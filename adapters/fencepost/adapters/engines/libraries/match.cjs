// Match addresses by one of Node's libraries: `node match.cjs NAME` reads lines and answers each with a line. "rules
// RANGE …" is answered with "ok" or "refused: …", "ask ADDRESS" with "yes" or "no". `node match.cjs NAME version` prints
// the library's version.
const [name, wanted] = process.argv.slice(2);
const library = name === "blocklist" ? require("net") : require(name);

const MAKERS = {
  blocklist: (ranges) => {
    const list = new library.BlockList();
    for (const range of ranges) {
      const [base, length] = range.split("/");
      if (length === undefined) list.addAddress(base, "ipv4");
      else if (/^\d+$/.test(length)) list.addSubnet(base, Number(length), "ipv4");
      else throw new Error(`no length: ${length}`); // net.BlockList reads no text of a range
    }
    return (address) => list.check(address, "ipv4");
  },
  ip: (ranges) => {
    const subnets = ranges.map((range) => library.cidrSubnet(range.includes("/") ? range : `${range}/32`));
    return (address) => subnets.some((subnet) => subnet.contains(address));
  },
  "ipaddr.js": (ranges) => {
    const read = ranges.map((range) => library.parseCIDR(range.includes("/") ? range : `${range}/32`));
    return (address) => read.some((range) => library.parse(address).match(range));
  },
  netmask: (ranges) => {
    const blocks = ranges.map((range) => new library.Netmask(range));
    return (address) => blocks.some((block) => block.contains(address));
  },
};

let contains = () => false;

function answer(line) {
  const [word, ...rest] = line.trim().split(/ +/);
  if (word === "ask") return contains(rest[0]) ? "yes" : "no";
  try {
    contains = MAKERS[name](rest);
    return "ok";
  } catch (error) {
    return `refused: ${String(error).replaceAll("\n", " ")}`;
  }
}

if (wanted) {
  console.log(name === "blocklist" ? process.version : require(`${name}/package.json`).version);
} else {
  require("readline").createInterface({ input: process.stdin }).on("line", (line) => console.log(answer(line)));
}
